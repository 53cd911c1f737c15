//! `sigproof points`: the injection points of an undisturbed run.

use super::args::points::PointsArgs;
use super::interrupt::interruptible;
use super::pool::open_pool;
use super::stdio::{print, written};
use crate::cli::exit;
use crate::execute::Recordings;
use crate::explore;
use crate::explore::CallSites;
use crate::oracle::OracleId;
use crate::report;
use crate::report::{Bar, Json, TerminalWriter};
use crate::session::PointList;
use std::io;

pub fn points(args: &PointsArgs) -> u8 {
    let bar = Bar::new(!args.json);
    interruptible(args.json, &bar, |token| {
        let target = args.target.target(false, Some(args.signal))?;
        let points = args.points.spec();
        let (filter, mapped) = (points.filter()?, points.phases()?);
        bar.say("recording");
        let pool = open_pool(&target, 1, args.target.isolation)?;
        let contract = args.contract.contract()?;
        let mut contract = contract.of_script(target.script.as_ref());
        contract.skip.extend([OracleId::Rerun, OracleId::Restarts]);
        let baseline = explore::map_points(
            &pool,
            &contract,
            Recordings {
                signal: args.signal,
                mapped,
                all: args.points.all,
                named: args.stacks,
                quiet: false,
            },
            token,
        )?;
        let sites = args.stacks.then(|| CallSites::of(&baseline));
        bar.clear();
        let list = PointList::of(&baseline, &filter, sites.as_ref());
        if args.json {
            let mut out = Json::new(io::stdout().lock());
            for point in &list.points {
                written(out.point(point))?;
            }
            for what in &list.not_followed {
                written(out.not_followed(what))?;
            }
        } else {
            let mut out = TerminalWriter::new();
            report::point_list(&mut out, &list);
            print(&out.finish());
        }
        Ok(exit::HOLDS)
    })
}
