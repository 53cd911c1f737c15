//! What the environment says to the console: colour, symbols, width, and a
//! standard error that nobody reads. Each case in a process of its own.

use indicatif::{MultiProgress, ProgressBar};
use sigproof_core::feedback::{Console, Feedback, Notice};

use crate::support::{Program, Setup, role, say_aside, terminal::Terminal};

const YELLOW: &str = "\u{1b}[33m";
/// Environment variables, by name and value.
type Variables<'names> = &'names [(&'names str, &'names str)];

const WARNING: Notice = Notice::Armed { message: None };

fn help() {
    let console = Console::stderr();
    console.notify(&Notice::Help);
    console.notify(&WARNING);
    console.flush();
}

/// The lines of the help as a pipe gets them.
fn piped(name: &str, variables: Variables) -> String {
    let env = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let setup = Setup {
        env,
        ..Setup::default()
    };
    let lines = Program::start_with(name, "help", setup).exits_with(0);
    lines.join("\n")
}

/// The same as it stands on a terminal.
fn on_terminal(name: &str, columns: u16, variables: Variables) -> String {
    let mut terminal = Terminal::start(name, "help", columns, variables);
    assert_eq!(terminal.end(), None);
    terminal.picture()
}

#[test]
fn colour_on_a_terminal_and_where_it_is_asked_for() {
    const NAME: &str = test_name!("colour_on_a_terminal_and_where_it_is_asked_for");
    if role().is_some() {
        return help();
    }
    // on a terminal?, variables, coloured?
    let table: [(bool, Variables, bool); 11] = [
        (true, &[], true),
        (true, &[("NO_COLOR", "1")], false),
        (true, &[("NO_COLOR", "")], true),
        (true, &[("CLICOLOR", "0")], false),
        (true, &[("CLICOLOR", "1")], true),
        (true, &[("TERM", "dumb")], false),
        (true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (false, &[], false),
        (false, &[("CLICOLOR", "1")], false),
        (false, &[("CLICOLOR_FORCE", "1")], true),
        (false, &[("CLICOLOR_FORCE", "")], false),
    ];
    for (terminal, variables, coloured) in table {
        let is_coloured = if terminal {
            on_terminal(NAME, 100, variables).contains("[yellow]")
        } else {
            piped(NAME, variables).contains(YELLOW)
        };
        assert_eq!(is_coloured, coloured, "terminal: {terminal}, {variables:?}");
    }
}

#[test]
fn symbols_where_the_locale_can_show_them() {
    const NAME: &str = test_name!("symbols_where_the_locale_can_show_them");
    if role().is_some() {
        return help();
    }
    let table: [(Variables, bool); 7] = [
        (&[("LC_ALL", "C.UTF-8")], true),
        (&[("LC_ALL", "C")], false),
        (&[("LC_ALL", "POSIX"), ("LANG", "C.UTF-8")], false),
        (&[("LC_ALL", ""), ("LC_CTYPE", "de_DE.ISO-8859-1")], false),
        (
            &[("LC_ALL", ""), ("LC_CTYPE", "en_US.utf8"), ("LANG", "C")],
            true,
        ),
        (
            &[("LC_ALL", ""), ("LC_CTYPE", ""), ("LANG", "en_US.UTF-8")],
            true,
        ),
        (&[("TERM", "dumb")], false),
    ];
    for (variables, symbols) in table {
        let text = on_terminal(NAME, 100, variables);
        let (shown, instead) = ("🛑 Interrupt Handling:", "│ Interrupt Handling:");
        let expected = if symbols { shown } else { instead };
        let text = text.replace("[cyan]", "");
        assert!(text.contains(expected), "{variables:?}\n{text}");
        assert_eq!(text.replace('│', "").is_ascii(), !symbols, "{text}");
    }
}

#[test]
fn lines_break_between_words_on_a_terminal_alone() {
    const NAME: &str = test_name!("lines_break_between_words_on_a_terminal_alone");
    if role().is_some() {
        return help();
    }
    let variables = [("NO_COLOR", "1")];
    let wide = "• Second Ctrl+C: Urgent cancellation (stop active work)\n";
    let narrow = "• Second Ctrl+C: Urgent cancellation\n│   (stop active work)\n";
    assert!(on_terminal(NAME, 80, &variables).contains(wide));
    assert!(on_terminal(NAME, 40, &variables).contains(narrow));
    // Whoever reads a pipe searches for whole lines.
    assert!(piped(NAME, &[("COLUMNS", "40")]).contains(wide));
}

/// Hidden bars, as they are off a terminal, and a standard error that is full
/// and that nobody reads: whoever moves a bar goes on.
#[test]
fn hidden_bars_do_not_wait_for_a_reader() {
    const NAME: &str = test_name!("hidden_bars_do_not_wait_for_a_reader");
    if role().is_some() {
        let bars = MultiProgress::new();
        let bar = bars.add(ProgressBar::new(1000));
        let console = Console::above(&bars);
        console.notify(&WARNING);
        // Gives up after a second: by then, the printing thread hangs.
        console.flush();
        for _ in 0..1000 {
            bar.inc(1);
        }
        say_aside(&format!("moved to {}", bar.position()));
        // The printing thread hangs: nobody waits for it.
        std::process::exit(0);
    }
    let setup = Setup {
        stuffed_stderr: true,
        ..Setup::default()
    };
    let mut program = Program::start_with(NAME, "child", setup);
    program.expect("moved to 1000");
    program.exits_with(0);
}
