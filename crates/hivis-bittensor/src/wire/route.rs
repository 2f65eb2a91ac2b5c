//! Which synapse a request's path names.

use http::{Method, Uri};

use crate::wire::Refusal;

/// The synapses that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `POST /ImageSynapse`: the subnet's question.
    Image,
    /// `POST /Synapse`: the built-in ping, which echoes.
    Ping,
}

impl Target {
    /// The class's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "ImageSynapse",
            Self::Ping => "Synapse",
        }
    }

    /// The path alone decides; a query is ignored. As in the SDK: an unknown name is told first, then a longer path,
    /// then a slash at the end, then the method.
    pub(crate) fn of(method: &Method, uri: &Uri) -> Result<Self, Refusal> {
        let path = uri.path().strip_prefix('/').unwrap_or_default();
        let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let target = [Self::Image, Self::Ping]
            .into_iter()
            .find(|target| target.name() == name)
            .ok_or_else(|| Refusal::unknown_synapse(name))?;
        match rest {
            Some("") => Err(Refusal::redirect(target.path())),
            Some(_) => Err(Refusal::detail(404, "path", "Not Found")),
            None if method != Method::POST && method != Method::GET => {
                Err(Refusal::detail(405, "method", "Method Not Allowed"))
            }
            None => Ok(target),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Image => "/ImageSynapse",
            Self::Ping => "/Synapse",
        }
    }
}
