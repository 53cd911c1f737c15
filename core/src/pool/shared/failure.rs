//! Why a task failed.

use std::error::Error;
use std::fmt;
use std::iter;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use crate::token::find_error;

/// The error of a task, anything that `?` takes.
pub type TaskError = Box<dyn Error + Send + Sync>;

/// So many causes of an error are shown, and travel from a worker process: an
/// error that names itself as its source has no last one.
const CAUSES_MAX: usize = 32;

/// Why a task failed.
///
/// Displayed, it is the message of the error or panic; `{:#}` adds the causes
/// of the error, unless the message ends with them anyway. Two failures are
/// equal if they have the same message and both are panics, or both are not.
#[derive(Clone)]
#[non_exhaustive]
pub struct Failure {
    /// The message of the error or of the panic.
    pub message: String,
    /// Whether the task panicked.
    pub panicked: bool,
    /// Nobody changes it any more: it cannot be seen half changed.
    error: Option<Arc<AssertUnwindSafe<TaskError>>>,
}

impl Failure {
    /// That of a task that returned an error with this message, or panicked with it.
    pub fn new(message: impl Into<String>, panicked: bool) -> Failure {
        Failure {
            message: message.into(),
            panicked,
            error: None,
        }
    }

    /// That of a task that returned this error.
    pub fn of_error(error: impl Into<TaskError>) -> Failure {
        let error = error.into();
        Failure {
            message: error.to_string(),
            panicked: false,
            error: Some(Arc::new(AssertUnwindSafe(error))),
        }
    }

    /// The error that the task returned; `None` for a panic.
    ///
    /// From a worker process come texts: the error and its sources have the
    /// messages of those that the task returned, and no other type.
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.error.as_ref().map(|error| &*error.0)
    }

    /// The error that the task returned, or the first one of what it was made
    /// from, that is an `E`: through [`Error::source`], and inside an
    /// [`io::Error`](std::io::Error). Never found in what a worker process
    /// failed with.
    ///
    /// ```
    /// use std::io;
    /// use sigproof_core::{Outcome, StopSource, ThreadPool};
    /// let pool = ThreadPool::new(&StopSource::new().token());
    /// let results = pool.map(["/no/such/file"], |path, _| Ok(std::fs::read(path)?));
    /// let Outcome::Failed(failure) = &results.outcomes()[0] else { panic!() };
    /// let error = failure.downcast_ref::<io::Error>().unwrap();
    /// assert_eq!(error.kind(), io::ErrorKind::NotFound);
    /// ```
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        find_error(self.error()?)
    }

    /// That of a task with this error, and its causes, in a worker process.
    #[cfg(feature = "process")]
    pub(in crate::pool) fn of_texts(
        message: String,
        panicked: bool,
        causes: Vec<String>,
    ) -> Failure {
        if panicked {
            return Failure::new(message, panicked);
        }
        let source = causes.into_iter().rev().fold(None, |source, message| {
            Some(Box::new(RemoteError { message, source }))
        });
        Failure::of_error(RemoteError { message, source })
    }

    /// The messages of what the error was made from.
    pub(in crate::pool) fn causes(&self) -> Vec<String> {
        let causes = iter::successors(self.source(), |&cause| cause.source());
        causes.take(CAUSES_MAX).map(ToString::to_string).collect()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.panicked {
            f.write_str("panicked: ")?;
        }
        f.write_str(&self.message)?;
        if !f.alternate() {
            return Ok(());
        }
        let mut last = self.message.clone();
        for cause in self.causes() {
            // Many errors name their cause themselves.
            if !last.ends_with(&cause) {
                write!(f, ": {cause}")?;
            }
            last = cause;
        }
        Ok(())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("message", &self.message)
            .field("panicked", &self.panicked)
            .field("causes", &self.causes())
            .finish()
    }
}

impl PartialEq for Failure {
    fn eq(&self, other: &Failure) -> bool {
        (&self.message, self.panicked) == (&other.message, other.panicked)
    }
}

impl Eq for Failure {}

/// The source is that of the task's error, as the message is that error's own.
impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error()?.source()
    }
}

/// What is known of an error in another process.
#[cfg(feature = "process")]
#[derive(Debug)]
struct RemoteError {
    message: String,
    source: Option<Box<RemoteError>>,
}

#[cfg(feature = "process")]
impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

#[cfg(feature = "process")]
impl Error for RemoteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use std::io;
    use std::panic::{RefUnwindSafe, UnwindSafe};

    use super::*;

    /// An error that says what happened, and not why.
    #[derive(Debug)]
    struct Step(&'static str, Option<io::Error>);

    impl fmt::Display for Step {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Step {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            let source = self.1.as_ref()?;
            Some(source)
        }
    }

    fn refused() -> io::Error {
        io::Error::new(io::ErrorKind::PermissionDenied, "refused")
    }

    #[test]
    fn the_error_and_what_it_was_made_from_are_kept() {
        let failure = Failure::of_error(Step("cannot open", Some(refused()))).clone();
        assert_eq!(failure.to_string(), "cannot open");
        assert_eq!(format!("{failure:#}"), "cannot open: refused");
        let source = failure.source().expect("why");
        assert!(source.downcast_ref::<io::Error>().is_some());
        assert!(
            failure
                .error()
                .is_some_and(<dyn Error + Send + Sync>::is::<Step>)
        );
        assert_eq!(
            failure.downcast_ref().map(|step: &Step| step.0),
            Some("cannot open")
        );
        let kind = failure.downcast_ref().map(io::Error::kind);
        assert_eq!(kind, Some(io::ErrorKind::PermissionDenied));
        assert!(failure.downcast_ref::<fmt::Error>().is_none());
    }

    #[test]
    fn what_is_inside_an_io_error_is_found() {
        let failure = Failure::of_error(io::Error::other(Step("deep", None)));
        assert!(failure.downcast_ref::<Step>().is_some());
    }

    #[test]
    fn a_cause_that_the_message_names_is_not_said_twice() {
        let failure = Failure::of_error(Step("cannot open: refused", Some(refused())));
        assert_eq!(format!("{failure:#}"), "cannot open: refused");
    }

    #[test]
    fn a_panic_and_a_bare_message_have_no_error() {
        for failure in [Failure::new("help", true), Failure::new("no", false)] {
            assert!(failure.error().is_none() && failure.source().is_none());
            assert!(failure.downcast_ref::<io::Error>().is_none());
        }
        assert_eq!(
            format!("{:#}", Failure::new("help", true)),
            "panicked: help"
        );
    }

    /// An error that is its own source.
    #[derive(Debug)]
    struct Endless;

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("again")
        }
    }

    impl Error for Endless {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }

    #[test]
    fn an_endless_chain_is_cut() {
        assert_eq!(Failure::of_error(Endless).causes().len(), CAUSES_MAX);
    }

    #[test]
    fn failures_are_equal_by_what_they_say() {
        let failure = Failure::of_error(refused());
        assert_eq!(failure, Failure::new("refused", false));
        assert_ne!(failure, Failure::new("refused", true));
        assert_ne!(failure, Failure::new("other", false));
    }

    #[test]
    fn it_may_cross_threads_and_unwinding() {
        fn check<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
        check::<Failure>();
        check::<crate::pool::Outcome<u8>>();
    }

    #[cfg(feature = "process")]
    #[test]
    fn texts_from_a_worker_are_a_chain() {
        let causes = vec!["refused".to_owned(), "by the moon".to_owned()];
        let failure = Failure::of_texts("cannot open".to_owned(), false, causes.clone());
        assert_eq!(failure.causes(), causes);
        assert_eq!(format!("{failure:#}"), "cannot open: refused: by the moon");
        let panic = Failure::of_texts("help".to_owned(), true, Vec::new());
        assert!(panic.panicked && panic.error().is_none());
    }
}
