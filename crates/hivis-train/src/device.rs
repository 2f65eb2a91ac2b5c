//! Where burn computes.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::TrainError;

/// A kind of processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Processor {
    /// This machine's cores.
    #[default]
    Cpu,
    /// The best graphics card that Vulkan finds; only in a build with the feature `vulkan`.
    Gpu,
}

impl Processor {
    /// burn's device, without gradients.
    pub fn device(self) -> Result<Device, TrainError> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "vulkan")]
            Self::Gpu => Ok(Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(not(feature = "vulkan"))]
            Self::Gpu => {
                let why = "this build has no graphics card's backend: build with `--features vulkan`";
                Err(TrainError::Data(why.to_owned()))
            }
        }
    }
}
