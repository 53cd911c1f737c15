module sigproof

go 1.21
