//! A script without what a failure does not need: clients, their connections and requests, keys.

use super::Work;
use super::ddmin::minimal_subset;
use crate::error::Error;
use crate::script::{ClientKind, Connections, Script};

impl<S: FnMut(&str)> Work<'_, S> {
    /// Whole clients first: what one of them does not do need not be made smaller.
    pub(super) fn drop_script(&mut self) -> Result<(), Error> {
        let Some(script) = self.best.target.script.clone() else {
            return Ok(());
        };
        let kept = minimal_subset(script.clients.clone(), |kept| {
            self.with_script("clients", |script| script.clients = kept.to_vec())
        })?;
        let gone = script.clients.iter().filter(|one| !kept.contains(one));
        self.dropped
            .extend(gone.map(|client| format!("the client {}", client.name)));
        for (place, client) in kept.iter().enumerate() {
            if let ClientKind::BuiltIn(connections) = &client.kind {
                self.drop_connections(place, connections)?;
                self.drop_requests(place, connections)?;
            }
        }
        let kept = minimal_subset(script.keys.clone(), |kept| {
            self.with_script("keys", |script| script.keys = kept.to_vec())
        })?;
        let gone = script.keys.len() - kept.len();
        if gone > 0 {
            let keys = script.keys.len();
            self.dropped.push(format!("{gone} of {keys} steps of keys"));
        }
        Ok(())
    }

    /// One connection is what is easiest to think about; else as many as it needs, by halves.
    fn drop_connections(&mut self, place: usize, all: &Connections) -> Result<(), Error> {
        // So few do not show it.
        let mut too_few = 0;
        let mut count = all.count;
        while too_few + 1 < count {
            let fewer = match too_few {
                0 => 1,
                _ => too_few.midpoint(count),
            };
            match self.with_connections(place, |connections| connections.count = fewer)? {
                true => count = fewer,
                false => too_few = fewer,
            }
        }
        if count < all.count {
            let gone = all.count - count;
            self.dropped
                .push(format!("{gone} of {} connections", all.count));
        }
        Ok(())
    }

    fn drop_requests(&mut self, place: usize, all: &Connections) -> Result<(), Error> {
        let kept = minimal_subset(all.requests.clone(), |kept| {
            // A client that asks nothing is none, and that was tried.
            if kept.is_empty() {
                return Ok(false);
            }
            self.with_connections(place, |connections| connections.requests = kept.to_vec())
        })?;
        let gone = all.requests.iter().filter(|one| !kept.contains(one));
        self.dropped
            .extend(gone.map(|request| format!("the request {}", request.name)));
        Ok(())
    }

    fn with_connections(
        &mut self,
        place: usize,
        change: impl FnOnce(&mut Connections),
    ) -> Result<bool, Error> {
        self.with_script("clients", |script| {
            if let Some(ClientKind::BuiltIn(connections)) =
                script.clients.get_mut(place).map(|client| &mut client.kind)
            {
                change(connections);
            }
        })
    }

    /// Whether the failure shows with the script changed so.
    fn with_script(&mut self, what: &str, change: impl FnOnce(&mut Script)) -> Result<bool, Error> {
        (self.say)(what);
        let mut candidate = self.best.clone();
        if let Some(script) = &mut candidate.target.script {
            change(script);
        }
        self.take(candidate)
    }
}
