# Writes report.txt. The trap knows the name before the file is there, removes it, and lets the signal end the script.
set -o monitor # a group for every command: Ctrl+C is for the script alone, which acts when its command has ended
trap "trap '' INT; rm -f report.tmp; trap - INT; kill -INT \$\$" INT
{ echo all >report.tmp && mv report.tmp report.txt; } || { rm -f report.tmp; exit 1; }
