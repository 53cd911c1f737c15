# Writes report.txt. A planted bug: Ctrl+C at the wrong time leaves report.tmp behind.
echo all >report.tmp
mv report.tmp report.txt
