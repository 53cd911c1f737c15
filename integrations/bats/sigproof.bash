# Tests for bats, or for plain sh, that a program survives Ctrl+C.
#
#   load /usr/share/sigproof/sigproof          # or the file beside your tests
#
#   @test "the import survives Ctrl+C" {
#     survives_ctrl_c --in data -- ./import.sh data
#   }
#
# Options before `--` are those of `sigproof sweep`. SIGPROOF names another program; SIGPROOF_STORE another directory for
# failing runs and pages than `.sigproof`. A test is skipped where there is no ptrace, and where there is no sigproof.

# Fails with what was found, a command that repeats it, and the page's path.
survives_ctrl_c() {
  _sigproof sweep "$@"
}

# The same with one schedule: `survives_run --signal INT@output:ready -- ./prog`.
survives_run() {
  _sigproof run "$@"
}

_sigproof() {
  _sigproof_program=${SIGPROOF:-sigproof}
  if ! command -v "$_sigproof_program" >/dev/null; then
    _sigproof_skip "there is no command $_sigproof_program"
    return
  fi
  _sigproof_store=${SIGPROOF_STORE:-.sigproof}
  mkdir -p "$_sigproof_store/pages" || return 2
  _sigproof_name=$(printf '%s' "${BATS_TEST_NAME:-test}" | tr -c 'A-Za-z0-9' '-' | cut -c 1-100)
  _sigproof_page=$_sigproof_store/pages/$_sigproof_name.html
  _sigproof_verb=$1
  shift
  _sigproof_code=0
  "$_sigproof_program" --color never "$_sigproof_verb" --store "$_sigproof_store" --html "$_sigproof_page" "$@" 2>&1 ||
    _sigproof_code=$?
  case $_sigproof_code in
  0) rm -f "$_sigproof_page" ;;
  3)
    _sigproof_missing=$("$_sigproof_program" doctor 2>&1) || {
      _sigproof_skip "$(printf '%s\n' "$_sigproof_missing" | grep ptrace)"
      return
    }
    ;;
  *) [ ! -e "$_sigproof_page" ] || echo "page      $_sigproof_page" ;;
  esac
  return "$_sigproof_code"
}

# In bats a skipped test; in plain sh a line, and exit status 0.
_sigproof_skip() {
  if [ -n "${BATS_VERSION:-}" ]; then
    skip "sigproof: $1"
  fi
  echo "skipped: sigproof: $1"
}
