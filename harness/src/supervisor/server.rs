//! The supervisor's life: take namespaces, make the work tree, serve requests.
//!
//! With namespaces there are three processes: one that stays outside and waits,
//! the first process of the process namespace (the kernel kills all others when
//! it dies), and the one that serves. The target is a child of the third, so that
//! its parent is not number 1, which programs take for "my parent has died".

use super::protocol::{Ready, Request, Response, Setup, SupervisorError};
use super::session::Session;
use crate::supervisor::codec;
use crate::sys::ids::Pid;
use crate::sys::poller::Poller;
use crate::sys::processors::Processors;
use crate::sys::{mounts, reexec, signals, wait};
use crate::target::WorkTree;
use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;

/// Exit code of a supervisor whose command is done.
const DONE: i32 = 0;
const FAILED: i32 = 70;

/// Serves the control socket until its other end closes. Returns the exit code.
pub(crate) fn supervise(mut socket: UnixStream, run_lock: File) -> i32 {
    signals::reset_all();
    let setup = match codec::receive::<Request>(&mut socket) {
        Ok(Some(Request::Setup(setup))) => *setup,
        _ => return FAILED,
    };
    let refuse = |mut socket: UnixStream, refusal: SupervisorError| {
        // When nobody listens any more there is nobody to tell.
        let _ = codec::send(&mut socket, &Response::Refused(refusal));
        FAILED
    };
    if !setup.private {
        return serve(socket, run_lock, setup, None);
    }
    let user = match mounts::enter_namespaces() {
        Ok(user) => user,
        Err(error) => {
            return refuse(
                socket,
                SupervisorError::Isolation(format!("no namespaces: {error}")),
            );
        }
    };
    // A user namespace clears the request to die with the parent.
    if mounts::die_with_parent().is_err() {
        return FAILED;
    }
    match reexec::fork() {
        Ok(Some(first)) => {
            drop(socket);
            return shell_code(first);
        }
        Ok(None) => {}
        Err(error) => return refuse(socket, SupervisorError::Harness(format!("fork: {error}"))),
    }
    // The first process of the namespace.
    let prepared = mounts::die_with_parent()
        .and_then(|()| mounts::own_mounts())
        .and_then(|()| mounts::memory(&setup.base, setup.target.limits.tree_bytes));
    if let Err(error) = prepared {
        return refuse(
            socket,
            SupervisorError::Isolation(format!("no private view of files and processes: {error}")),
        );
    }
    match reexec::fork() {
        Ok(Some(server)) => {
            drop(socket);
            shell_code(server)
        }
        Ok(None) => {
            if mounts::die_with_parent().is_err() || reexec::parent() != 1 {
                return FAILED;
            }
            serve(socket, run_lock, setup, Some(user))
        }
        Err(error) => refuse(socket, SupervisorError::Harness(format!("fork: {error}"))),
    }
}

fn shell_code(child: Pid) -> i32 {
    // Adopted orphans that end meanwhile are not waited for here: the one that
    // serves is the subreaper and takes them.
    wait::until_ended(child).map_or(FAILED, |status| status.shell_code())
}

fn serve(mut socket: UnixStream, run_lock: File, setup: Setup, private: Option<bool>) -> i32 {
    let mut session = match prepare(&socket, run_lock, setup, private) {
        Ok(session) => session,
        Err(refusal) => {
            let _ = codec::send(&mut socket, &Response::Refused(refusal));
            return FAILED;
        }
    };
    let ready = Response::Ready(session.ready());
    if codec::send(&mut socket, &ready).is_err() {
        return FAILED;
    }
    let place = session.place();
    loop {
        let request = match codec::receive::<Request>(&mut socket) {
            Ok(Some(Request::Run(request))) => *request,
            Ok(Some(Request::KeepToOne)) => {
                // It is for speed alone: where it is refused, runs take longer.
                let _ = Processors::here().and_then(|mine| mine.pin_to_cpu(place));
                continue;
            }
            Ok(Some(Request::Adopt)) => {
                let answer = match session.tree.adopt() {
                    Ok(()) => Response::Adopted,
                    Err(error) => Response::Refused(error.into()),
                };
                if codec::send(&mut socket, &answer).is_err() {
                    return DONE;
                }
                continue;
            }
            Ok(None) => return DONE,
            _ => return FAILED,
        };
        let answer = match session.run(&request) {
            Ok(Some(run)) => Response::Ran(Box::new(run)),
            // The other end is gone; so is everybody here.
            Ok(None) => return DONE,
            Err(refusal) => Response::Refused(refusal),
        };
        if codec::send(&mut socket, &answer).is_err() {
            return DONE;
        }
    }
}

fn prepare(
    socket: &UnixStream,
    run_lock: File,
    setup: Setup,
    private: Option<bool>,
) -> Result<Session, SupervisorError> {
    let harness =
        |what: &str, error: io::Error| SupervisorError::Harness(format!("{what}: {error}"));
    mounts::keep_memory();
    mounts::adopt_orphans().map_err(|error| harness("becoming a subreaper", error))?;
    mounts::no_core_files().map_err(|error| harness("forbidding core files", error))?;
    let steady = !setup.target.keep_aslr && mounts::steady_addresses();
    let mut tree = WorkTree::prepare(
        &setup.target.source,
        &setup.base,
        private,
        setup.target.limits,
    )
    .map_err(SupervisorError::from)?;
    let poller = Poller::new().map_err(|error| harness("epoll", error))?;
    poller
        .add(socket, crate::supervisor::run::run_loop::CONTROL)
        .map_err(|error| harness("epoll", error))?;
    if !steady && !setup.target.keep_aslr {
        tree.notes.push(
            "address-space randomisation cannot be switched off here (in a container: \
             --security-opt seccomp=unconfined), so points are identified by counting calls"
                .to_owned(),
        );
    }
    Ok(Session::new(
        setup,
        run_lock,
        tree,
        poller,
        private.is_some(),
        steady,
    ))
}

impl Session {
    fn ready(&self) -> Ready {
        Ready {
            tree: self.tree.places.tree.clone(),
            method: self.tree.describe().to_owned(),
            notes: self.tree.notes.clone(),
        }
    }
}
