//! GPU figures under the names of NVIDIA's DCGM exporter, so that dashboards made for it work.
//!
//! Source: `etc/default-counters.csv` and `pkg/dcgmexporter` of NVIDIA/dcgm-exporter. Units stand in the help only, as
//! there: MiB, °C, W, MHz, %, MB. Labels: `gpu`, `UUID`, `device`, `modelName`, `Hostname`.

super::metrics! {
    GPU_UTIL = Gauge "DCGM_FI_DEV_GPU_UTIL" "" "GPU utilization (in %).";
    MEM_COPY_UTIL = Gauge "DCGM_FI_DEV_MEM_COPY_UTIL" "" "Memory utilization (in %).";
    ENC_UTIL = Gauge "DCGM_FI_DEV_ENC_UTIL" "" "Encoder utilization (in %).";
    DEC_UTIL = Gauge "DCGM_FI_DEV_DEC_UTIL" "" "Decoder utilization (in %).";
    FB_USED = Gauge "DCGM_FI_DEV_FB_USED" "" "Framebuffer memory used (in MiB).";
    FB_FREE = Gauge "DCGM_FI_DEV_FB_FREE" "" "Framebuffer memory free (in MiB).";
    FB_RESERVED = Gauge "DCGM_FI_DEV_FB_RESERVED" "" "Framebuffer memory reserved (in MiB).";
    TEMPERATURE = Gauge "DCGM_FI_DEV_GPU_TEMP" "" "GPU temperature (in C).";
    POWER = Gauge "DCGM_FI_DEV_POWER_USAGE" "" "Power draw (in W).";
    SM_CLOCK = Gauge "DCGM_FI_DEV_SM_CLOCK" "" "SM clock frequency (in MHz).";
    MEM_CLOCK = Gauge "DCGM_FI_DEV_MEM_CLOCK" "" "Memory clock frequency (in MHz).";
}
