//! docs/SEEDS.md is true: nothing of the seeds is missing, every item and every test it names exists, every message is
//! shown to a person.

use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/SEEDS.md";

/// Every class, query, configuration value, state, action and test that the seeds name.
const NAMES: &str = "\
    InterruptHandler DefaultInterruptHandler InterruptFeedbackManager InterruptHandlerConfig InterruptSignalConfig \
    RichOutputService ParallelProcessingService InterruptedError executor_factory.py progress_tracker.py \
    __enter__ __exit__ setup cleanup _setup_complete _signal_handler handle_interrupt_stage handle_stage_1_interrupt \
    get_interrupt_stage is_interrupted should_cancel_queued_tasks should_terminate_active_tasks should_immediate_exit \
    get_supported_interrupt_signals is_interrupt_signal_supported is_signal_supported get_stage_message \
    should_show_progress_info show_interrupt_help show_stage_transition show_partial_results_info \
    _submit_tasks_with_interrupt_handling _collect_results_with_interrupt_handling _handle_task_error \
    _STAGE_NO_INTERRUPT _STAGE_CANCEL_QUEUED _STAGE_TERMINATE_ACTIVE _STAGE_IMMEDIATE_EXIT INTERRUPT_STAGE_CONFIG \
    stage_1_message stage_2_message stage_3_message max_stage feedback_enabled emoji_indicators detailed_feedback \
    TestDefaultInterruptHandler TestInterruptStageLogic TestInterruptHandlerIntegration \
    test_initial_state_is_not_interrupted test_setup_installs_signal_handler test_signal_handler_increments_stage \
    test_stage_1_cancels_queued_only test_stage_2_terminates_active_tasks test_stage_3_requires_immediate_exit \
    test_context_manager_setup_and_cleanup test_interrupt_handling_with_parallel_service \
    DoubleCtrlCStateMachine SigintDoublePressHandler RunService BenchmarkController ControllerRunner StopToken \
    AnsibleRunnerExecutor RUNNING STOP_ARMED STOPPING FINISHED WARN_ARM REQUEST_STOP DELEGATE on_first_sigint \
    on_confirmed_sigint";

/// How many messages the seeds have.
const MESSAGES: usize = 35;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of all tables: line number, seed, ours, test.
fn rows(page: &str) -> Vec<(usize, [String; 3])> {
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(page.lines()) {
        let Some(row) = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')) else {
            continue;
        };
        let cells: Vec<String> = row.split('|').map(|cell| cell.trim().to_owned()).collect();
        let cells: [String; 3] = cells
            .try_into()
            .unwrap_or_else(|_| panic!("{PAGE}:{number}: not three cells"));
        if cells[0] != "seed" && !cells[0].starts_with("---") {
            rows.push((number, cells));
        }
    }
    rows
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Every Rust source below these, by path.
fn sources(below: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut directories: Vec<PathBuf> = below.iter().map(|path| root().join(path)).collect();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("below it");
                let text = fs::read_to_string(&path).expect("a source");
                found.insert(name.to_string_lossy().into_owned(), text);
            }
        }
    }
    found
}

/// What defines a name: an item, a field or a variant.
fn definition(name: &str) -> Regex {
    let name = regex::escape(name);
    let item = format!(r"\b(fn|struct|enum|trait|const|type|mod)\s+{name}\b");
    let member = format!(r"(?m)^\s+(pub(\([a-z]+\))? )?{name}(\s*:|\s*,|\s*\(|\s*\{{|\s*=)");
    Regex::new(&format!("{item}|{member}")).expect("a pattern")
}

/// What is wrong with an item, if anything is.
fn objection_to_item(item: &str, sources: &BTreeMap<String, String>) -> Option<String> {
    if item.contains('/') {
        return (!root().join(item).exists()).then(|| format!("{item} does not exist"));
    }
    let mut holders = sources.values().collect::<Vec<_>>();
    let mut parts = item.split("::").peekable();
    while let Some(part) = parts.next() {
        let definition = definition(part);
        // A regular expression is slow where the word itself is not even there.
        let defines = |text: &&String| text.contains(part) && definition.is_match(text);
        if !holders.iter().any(defines) {
            return Some(format!("{item}: nothing defines {part}"));
        }
        if parts.peek().is_some() {
            // A member is defined in a file that has the type or an `impl` of it.
            let owner = Regex::new(&format!(
                r"\b(struct|enum|trait|impl|for)(<[^>]*>)? {}\b",
                regex::escape(part)
            ));
            let owner = owner.expect("a pattern");
            holders.retain(|text| text.contains(part) && owner.is_match(text));
        }
    }
    None
}

/// What is wrong with a test, if anything is.
fn objection_to_test(test: &str, sources: &BTreeMap<String, String>) -> Option<String> {
    let Some((path, name)) = test.split_once("::") else {
        return Some(format!("{test} is not of the form path::name"));
    };
    let Some(text) = sources.get(path) else {
        return Some(format!("{path} does not exist"));
    };
    let pattern = format!(
        r"#\[test\]\s*(///[^\n]*\n\s*|#\[[^\n]*\n\s*)*fn {name}\(|proptest! \{{[^@]*fn {name}\("
    );
    let is_test = Regex::new(&pattern).expect("a pattern").is_match(text);
    (!is_test).then(|| format!("{path} has no test {name}"))
}

fn everything() -> BTreeMap<String, String> {
    sources(&["core", "fixtures", "tests", "benches"])
}

fn page() -> Vec<(usize, [String; 3])> {
    rows(&fs::read_to_string(root().join(PAGE)).expect("the page"))
}

#[test]
fn every_row_names_items_and_tests_that_exist() {
    let sources = everything();
    let mut objections = Vec::new();
    let rows = page();
    for (number, [_, ours, tests]) in &rows {
        let (items, tests) = (quoted(ours), quoted(tests));
        if items.is_empty() || tests.is_empty() {
            objections.push(format!("{PAGE}:{number}: a row without an item or a test"));
        }
        let items = items
            .iter()
            .filter_map(|item| objection_to_item(item, &sources));
        let tests = tests
            .iter()
            .filter_map(|test| objection_to_test(test, &sources));
        objections.extend(
            items
                .chain(tests)
                .map(|objection| format!("{PAGE}:{number}: {objection}")),
        );
    }
    assert!(rows.len() > 90, "only {} rows", rows.len());
    assert!(objections.is_empty(), "\n{}\n", objections.join("\n"));
}

#[test]
fn every_name_of_the_seeds_has_a_row() {
    let rows = page();
    let named: Vec<&str> = rows
        .iter()
        .flat_map(|(_, [seed, ..])| quoted(seed))
        .collect();
    let missing: Vec<&str> = NAMES
        .split_whitespace()
        .filter(|name| !named.contains(name))
        .collect();
    assert!(missing.is_empty(), "{PAGE} has no row for {missing:?}");
}

/// A message is what has a space in it.
#[test]
fn every_message_of_the_seeds_is_seen_by_a_person() {
    let snapshots = root().join("core/tests/snapshots");
    let shown: String = fs::read_dir(snapshots)
        .expect("the snapshots")
        .map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("a snapshot"))
        .collect();
    let rows = page();
    let messages: Vec<&str> = rows
        .iter()
        .flat_map(|(_, [seed, ..])| quoted(seed))
        .filter(|quoted| quoted.contains(' '))
        .collect();
    assert_eq!(messages.len(), MESSAGES, "{messages:#?}");
    for message in messages {
        // The whole of a line, but for a message that goes on with an error.
        let line = format!("│ {message}");
        let found = shown
            .lines()
            .any(|shown| shown == line || message.ends_with(' ') && shown.starts_with(&line));
        assert!(found, "nobody sees {message:?}");
    }
}

mod planted {
    use super::*;

    #[test]
    fn items_that_do_not_exist_are_found() {
        let sources = everything();
        let fine = [
            "Policy::confirmed",
            "Messages::stages",
            "Notice::Armed",
            "core/src/lib.rs",
        ];
        for item in fine {
            assert_eq!(objection_to_item(item, &sources), None);
        }
        for item in [
            "Policy::hesitant",
            "Mesages",
            "Signal::{defaults",
            "Notice::hesitant",
            "core/src/bil.rs",
        ] {
            assert!(objection_to_item(item, &sources).is_some(), "{item}");
        }
    }

    #[test]
    fn tests_that_do_not_exist_are_found() {
        let sources = everything();
        let fine = [
            "core/tests/e2e/first_seed.rs::stage_1_cancels_queued_only",
            "core/src/machine/step_tests.rs::the_machine_keeps_its_promises",
        ];
        for test in fine {
            assert_eq!(objection_to_test(test, &sources), None);
        }
        let wrong = [
            "stage_1_cancels_queued_only",
            "core/tests/e2e/third_seed.rs::stage_1_cancels_queued_only",
            "core/tests/e2e/first_seed.rs::stage_4_opens_the_window",
            // A function, and no test.
            "core/tests/e2e/first_seed.rs::disposition",
        ];
        for test in wrong {
            assert!(objection_to_test(test, &sources).is_some(), "{test}");
        }
    }

    #[test]
    #[should_panic(expected = "not three cells")]
    fn a_row_without_a_test_is_found() {
        rows("| seed | ours | test |\n| --- | --- | --- |\n| `a` | `b` |\n");
    }
}
