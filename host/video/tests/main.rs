//! The room at its boundary: clips that the encoder beside our decoder makes, whole and damaged, in
//! files and from cameras on loopback, ours and those of GStreamer.

mod cases {
    mod camera;
    mod damage;
    mod evidence;
    mod files;
    mod fleet;
    mod foreign;
    mod gstreamer;
    #[cfg(feature = "detector")]
    mod persons;
    mod schema;
}
mod clip;
mod judge;
mod server;
mod watcher;
