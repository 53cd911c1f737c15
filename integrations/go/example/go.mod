module example

go 1.21

require sigproof v0.1.0

replace sigproof => ../
