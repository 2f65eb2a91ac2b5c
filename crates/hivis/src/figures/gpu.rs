//! GPUs through NVML, under DCGM exporter's names and labels.
//!
//! NVML is opened at run time; where there is no driver there are no figures, and no word about it.

use hivis_types::metric::dcgm;
use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};

/// One MiB: DCGM counts memory in it.
const MIB: f64 = 1_048_576.0;

/// One GPU at one moment. What the driver does not tell is missing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gpu {
    /// Its place, from 0: the label `gpu`.
    pub(crate) index: u32,
    /// `GPU-…`: the label `UUID`.
    pub(crate) uuid: String,
    /// Its name: the label `modelName`.
    pub(crate) model: String,
    /// Metric and value, in DCGM's units.
    pub(crate) figures: Vec<(&'static str, f64)>,
}

/// Whoever reads GPUs; a fake in tests.
pub(crate) trait Gpus: Send {
    /// Every GPU now.
    fn read(&mut self) -> Vec<Gpu>;
}

/// The GPUs of this machine; `None` without a driver.
pub(crate) fn open() -> Option<Box<dyn Gpus>> {
    // The name without a number is only there where development files are installed.
    let names = ["libnvidia-ml.so.1", "libnvidia-ml.so"];
    let nvml = names.iter().find_map(|name| Nvml::builder().lib_path(name.as_ref()).init().ok())?;
    Some(Box::new(nvml))
}

impl Gpus for Nvml {
    fn read(&mut self) -> Vec<Gpu> {
        let count = self.device_count().unwrap_or(0);
        (0..count).filter_map(|index| one(self, index)).collect()
    }
}

fn one(nvml: &Nvml, index: u32) -> Option<Gpu> {
    let device = nvml.device_by_index(index).ok()?;
    let mut figures = Vec::new();
    let mut put = |name, value: Option<f64>| figures.extend(value.map(|value| (name, value)));
    let used = device.utilization_rates().ok();
    put(dcgm::GPU_UTIL, used.as_ref().map(|used| f64::from(used.gpu)));
    put(dcgm::MEM_COPY_UTIL, used.map(|used| f64::from(used.memory)));
    put(dcgm::ENC_UTIL, device.encoder_utilization().ok().map(|used| f64::from(used.utilization)));
    put(dcgm::DEC_UTIL, device.decoder_utilization().ok().map(|used| f64::from(used.utilization)));
    if let Ok(memory) = device.memory_info() {
        put(dcgm::FB_USED, Some((memory.used as f64 / MIB).round()));
        put(dcgm::FB_FREE, Some((memory.free as f64 / MIB).round()));
        put(dcgm::FB_RESERVED, Some((memory.reserved as f64 / MIB).round()));
    }
    put(dcgm::TEMPERATURE, device.temperature(TemperatureSensor::Gpu).ok().map(f64::from));
    // NVML counts milliwatts.
    put(dcgm::POWER, device.power_usage().ok().map(|milliwatts| f64::from(milliwatts) / 1e3));
    put(dcgm::SM_CLOCK, device.clock_info(Clock::SM).ok().map(f64::from));
    put(dcgm::MEM_CLOCK, device.clock_info(Clock::Memory).ok().map(f64::from));
    let (uuid, model) = (device.uuid().ok()?, device.name().unwrap_or_default());
    Some(Gpu { index, uuid, model, figures })
}

/// Sets the figures, with DCGM exporter's labels.
pub(crate) fn set(gpus: &[Gpu], host: &str) {
    for gpu in gpus {
        for (name, value) in &gpu.figures {
            metrics::gauge!(
                *name, "gpu" => gpu.index.to_string(), "UUID" => gpu.uuid.clone(),
                "device" => format!("nvidia{}", gpu.index), "modelName" => gpu.model.clone(),
                "Hostname" => host.to_owned()
            )
            .set(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    struct Fake(f64);

    impl Gpus for Fake {
        fn read(&mut self) -> Vec<Gpu> {
            self.0 += 1000.0;
            let figures = vec![(dcgm::FB_USED, self.0), (dcgm::TEMPERATURE, 61.0)];
            vec![Gpu { index: 1, uuid: "GPU-9f".to_owned(), model: "NVIDIA H100 80GB HBM3".to_owned(), figures }]
        }
    }

    #[test]
    fn figures_have_dcgms_names_and_labels() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let mut gpus = Fake(0.0);
        metrics::with_local_recorder(&recorder, || {
            for _ in 0..2 {
                set(&gpus.read(), "here");
            }
        });
        let text = recorder.handle().render();
        let labels =
            "{gpu=\"1\",UUID=\"GPU-9f\",device=\"nvidia1\",modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"here\"}";
        for line in [format!("DCGM_FI_DEV_FB_USED{labels} 2000\n"), format!("DCGM_FI_DEV_GPU_TEMP{labels} 61\n")] {
            assert!(text.contains(&line), "{line} in {text}");
        }
    }
}
