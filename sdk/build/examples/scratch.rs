fn main() {
    let a: Vec<String> = std::env::args().collect();
    let options = plumbline_build::BuildOptions {
        crate_dir: a[1].clone().into(),
        package: a[2].clone(),
        target_dir: a[3].clone().into(),
        manifest_path: format!("{}/manifest.toml", a[1]).into(),
        release: true,
    };
    match plumbline_build::build(&options) {
        Ok(b) => {
            std::fs::write(&a[4], &b).unwrap();
            println!("{} bytes", b.len())
        }
        Err(e) => println!("{e}"),
    }
}
