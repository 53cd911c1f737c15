load ../sigproof

@test "tool survives Ctrl+C" {
  survives_ctrl_c --in tool.sh -- bash tool.sh
}

@test "mended survives Ctrl+C" {
  survives_ctrl_c --in mended.sh -- bash mended.sh
}

@test "one run with a schedule" {
  survives_run --empty --no-baseline --signal INT@50ms -- sleep 100
}
