//! Calls that a run looks out for: recording them, and knowing the awaited one.

use super::calls::{self, Call};
use super::machine::{Inside, Tracer};
use super::watch::{Awaited, Record};
use crate::facts::{PointKey, RawPoint};

/// A target that makes more calls than this is recorded up to here.
const MOST_POINTS: usize = 200_000;

impl Tracer {
    /// Records the call and its name as far as this run wants them.
    pub(super) fn note(&mut self, tid: i32, call: &Call, ip: u64, nth: u32, inside: &mut Inside) {
        if self.watch.record.is_none() && !self.watch.tell_effects {
            return;
        }
        let name = calls::name(call.number);
        let class = calls::class_of(&name);
        let effect = class.is_some_and(|class| class.is_effect(call));
        if !effect && self.watch.record != Some(Record::All) {
            return;
        }
        let arg = class.map_or_else(String::new, |class| class.argument(call, &self.places));
        if name == "rt_sigaction" {
            inside.installs = calls::handler_installed(call);
        }
        if self.watch.tell_effects && effect {
            inside.tell = Some(if arg.is_empty() {
                name.clone()
            } else {
                format!("{name}({arg})")
            });
        }
        if self.watch.record.is_some() && self.points.len() < MOST_POINTS {
            inside.point = Some(self.points.len());
            self.points.push(RawPoint {
                key: self.key(tid, call.number, ip, nth),
                call: name,
                arg,
                returned: None,
                effect,
                blocks: class.is_some_and(|class| class.blocks),
                changes: effect && class.is_some_and(|class| class.changes),
                installs: inside.installs,
                at_ns: self.now_ns,
            });
        }
    }

    fn key(&self, tid: i32, number: u32, ip: u64, nth: u32) -> PointKey {
        let thread = self.family.threads.get(&tid);
        let pid = thread.map_or(tid, |thread| thread.pid);
        PointKey {
            process: self
                .family
                .processes
                .get(&pid)
                .map(super::family::Process::name)
                .unwrap_or_default(),
            thread: thread.map(|thread| thread.name.clone()).unwrap_or_default(),
            number,
            ip,
            nth,
        }
    }

    /// The awaited point that this call is, if it is one.
    pub(super) fn match_awaited(
        &mut self,
        tid: i32,
        call: &Call,
        ip: u64,
        nth: u32,
    ) -> Option<usize> {
        let mut found = None;
        for index in 0..self.watch.awaited.len() {
            let matches = match &self.watch.awaited[index] {
                Awaited::Exact { key, arg, same, .. } => {
                    (key.number, key.ip, key.nth) == (call.number, ip, nth)
                        && *key == self.key(tid, call.number, ip, nth)
                        && same(arg, &self.argument(call))
                }
                Awaited::Live {
                    process,
                    call: name,
                    arg,
                    nth,
                    ..
                } => {
                    if calls::name(call.number) != *name {
                        continue;
                    }
                    let key = self.key(tid, call.number, ip, 0);
                    let looks_right = process
                        .as_ref()
                        .is_none_or(|glob| glob.is_match(&key.process))
                        && arg
                            .as_ref()
                            .is_none_or(|glob| glob.is_match(self.argument(call)))
                        && calls::class_of(name).is_none_or(|class| class.is_effect(call));
                    let nth = *nth;
                    // Counted for all, whichever of them this call is held for.
                    self.met[index] += u32::from(looks_right);
                    looks_right && self.met[index] == nth
                }
            };
            if matches && !self.reached[index] && found.is_none() {
                self.reached[index] = true;
                found = Some(index);
            }
        }
        found
    }

    fn argument(&self, call: &Call) -> String {
        calls::class_of(&calls::name(call.number))
            .map_or_else(String::new, |class| class.argument(call, &self.places))
    }
}
