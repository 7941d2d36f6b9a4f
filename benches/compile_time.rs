//! How long rustc takes for networks of many layers, beside the same networks in plain dfdx.
//!
//! `cargo run --release -p addax-benches --bin compile_time [REPEATS]` prints a table, and writes it to
//! `docs/compile-time.md` if it is run with `--write`.
//!
//! Each program declares a network, builds it and trains it for one step. Dependencies are built before; what is measured
//! is a call of cargo for the program alone, after its source was touched, without incremental compilation. The best of
//! the repeats counts, since everything else on a machine only adds to it.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DEPTHS: [usize; 3] = [10, 50, 200];

/// Who takes longer than this is not waited for.
const LIMIT: Duration = Duration::from_secs(300);

/// A kind of program, for any number of layers.
struct Program {
    name: &'static str,
    source: fn(usize) -> String,
}

const PROGRAMS: [Program; 3] = [
    Program {
        name: "addax, `Dense`",
        source: addax_dense,
    },
    Program {
        name: "dfdx, `Linear`",
        source: dfdx_dense,
    },
    Program {
        name: "addax, `Conv2D`",
        source: addax_conv2d,
    },
];

fn main() -> io::Result<()> {
    let mut repeats = 5;
    let mut write = false;
    for argument in std::env::args().skip(1) {
        match argument.parse() {
            Ok(number) => repeats = number,
            Err(_) if argument == "--write" => write = true,
            Err(_) => {
                return Err(io::Error::other(format!(
                    "`{argument}` is no number of repeats"
                )));
            }
        }
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let package = Package::new(&workspace)?;
    let report = report(&package, repeats)?;
    println!("{report}");
    if write {
        std::fs::write(workspace.join("docs/compile-time.md"), report)?;
    }
    Ok(())
}

/// The whole of `docs/compile-time.md`.
fn report(package: &Package, repeats: usize) -> io::Result<String> {
    let mut table = String::new();
    let load = load();
    let empty = [false, true].map(|release| package.time("fn main() {}\n", release, repeats));
    let mut row = |name: &str, depth: &str, times: [io::Result<Outcome>; 2]| -> io::Result<()> {
        let [check, build] = times;
        let _ = writeln!(table, "| {name} | {depth} | {} | {} |", check?, build?);
        Ok(())
    };
    row("nothing", "", empty)?;
    for program in &PROGRAMS {
        for depth in DEPTHS {
            let source = (program.source)(depth);
            let times = [false, true].map(|release| package.time(&source, release, repeats));
            row(program.name, &depth.to_string(), times)?;
            eprintln!("{}, {depth} layers: done", program.name);
        }
    }
    Ok(format!(
        "# Compile time\n\n\
         Networks of many layers, all of different sizes, built and trained for one step; `benches/compile_time.rs` makes\n\
         them. What is measured is cargo for the program alone: its dependencies are built, `CARGO_INCREMENTAL=0`, best of\n\
         {repeats}. The first row is an empty program with the same dependencies: what cargo itself and the linker take.\n\
         dfdx's tuples take six modules, so those of its networks are nested, in as few levels as there can be.\n\n\
         | network | layers | `cargo check` | `cargo build --release` |\n\
         |---|---:|---:|---:|\n\
         {table}\n\
         - machine: {}, {} cores; {load}\n\
         - compiler: {}\n\
         - command: `cargo run --release -p addax-benches --bin compile_time -- {repeats} --write`\n",
        processor(),
        std::thread::available_parallelism()?,
        output(Command::new("rustc").arg("--version"))?.trim(),
    ))
}

/// What came of compiling a program.
enum Outcome {
    Time(Duration),
    TooLong,
    /// With the first line of what rustc says.
    Refused(String),
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Time(time) => write!(f, "{:.2} s", time.as_secs_f64()),
            Outcome::TooLong => write!(f, "more than {} s", LIMIT.as_secs()),
            Outcome::Refused(reason) => {
                write!(f, "does not compile: {}", reason.replace('|', "\\|"))
            }
        }
    }
}

/// A package whose only source file is replaced again and again.
struct Package {
    directory: PathBuf,
}

impl Package {
    fn new(workspace: &Path) -> io::Result<Package> {
        let directory = workspace.join("target/compile-time");
        std::fs::create_dir_all(directory.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"program\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\naddax = {{ path = {:?} }}\n",
            workspace.join("runtime"),
        );
        std::fs::write(directory.join("Cargo.toml"), manifest)?;
        std::fs::copy(workspace.join("Cargo.lock"), directory.join("Cargo.lock"))?;
        let package = Package { directory };
        for release in [false, true] {
            // The dependencies.
            package.compile("fn main() {}\n", release)?;
        }
        Ok(package)
    }

    /// The best of several.
    fn time(&self, source: &str, release: bool, repeats: usize) -> io::Result<Outcome> {
        let mut best = Duration::MAX;
        for _ in 0..repeats.max(1) {
            match self.compile(source, release)? {
                Outcome::Time(time) => best = best.min(time),
                other => return Ok(other),
            }
        }
        Ok(Outcome::Time(best))
    }

    fn compile(&self, source: &str, release: bool) -> io::Result<Outcome> {
        // Written anew, the file is newer than what was made of it.
        std::fs::write(self.directory.join("src/main.rs"), source)?;
        let messages = self.directory.join("messages");
        let start = Instant::now();
        let mut cargo = Command::new("cargo")
            .args(if release {
                &["build", "--release"][..]
            } else {
                &["check"]
            })
            .args(["--quiet", "--offline"])
            .current_dir(&self.directory)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", self.directory.join("target"))
            .stderr(std::fs::File::create(&messages)?)
            .stdout(Stdio::null())
            .spawn()?;
        let status = loop {
            if let Some(status) = cargo.try_wait()? {
                break status;
            }
            // Only a program is not waited for; the dependencies take what they take.
            if start.elapsed() > LIMIT && source.contains("main() ->") {
                cargo.kill()?;
                cargo.wait()?;
                return Ok(Outcome::TooLong);
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        if status.success() {
            return Ok(Outcome::Time(start.elapsed()));
        }
        let messages = std::fs::read_to_string(messages)?;
        let reason = messages.lines().find(|line| line.starts_with("error"));
        Ok(Outcome::Refused(reason.unwrap_or("no error").to_owned()))
    }
}

/// `Dense` layers of 65, 66, .. units.
fn addax_dense(depth: usize) -> String {
    let mut layers = String::new();
    for layer in 1..depth {
        let _ = writeln!(layers, "        Dense({}, activation = relu),", 64 + layer);
    }
    addax(
        &format!("64 => 10 {{\n{layers}        Dense(10),\n    }}"),
        "[0.0; 64]",
    )
}

/// `Conv2D` layers of 5, 6, .. filters.
fn addax_conv2d(depth: usize) -> String {
    let mut layers = String::new();
    for layer in 1..depth {
        let filters = 4 + layer;
        let _ = writeln!(
            layers,
            "        Conv2D({filters}, (3, 3), padding = same, activation = relu),"
        );
    }
    addax(
        &format!(
            "(8, 8, 3) => 10 {{\n{layers}        Conv2D(10, (3, 3), padding = same),\n        GlobalMaxPooling2D(),\n    }}"
        ),
        "[[[0.0; 3]; 8]; 8]",
    )
}

fn addax(network: &str, sample: &str) -> String {
    format!(
        "use addax::prelude::*;\n\n\
         network! {{\n    pub Deep: {network}\n}}\n\n\
         fn main() -> addax::Result<()> {{\n\
         \x20   let mut model = Deep::build(&Cpu::default())?.compile(\n\
         \x20       Adam::default(),\n\
         \x20       SparseCategoricalCrossentropy::default(),\n\
         \x20       Accuracy,\n\
         \x20   )?;\n\
         \x20   let options = FitOptions {{ batch_size: 32, epochs: 1, ..Default::default() }};\n\
         \x20   model.fit(&vec![{sample}; 32], &vec![0_usize; 32], options)?;\n\
         \x20   Ok(())\n\
         }}\n"
    )
}

/// The same layers as [`addax_dense`], in tuples of six, the most that dfdx takes.
fn dfdx_dense(depth: usize) -> String {
    let mut layers: Vec<String> = (1..depth)
        .map(|layer| format!("(Linear<{}, {}>, ReLU)", 63 + layer, 64 + layer))
        .collect();
    layers.push(format!("Linear<{}, 10>", 63 + depth));
    while layers.len() > 6 {
        layers = layers
            .chunks(6)
            .map(|chunk| format!("({},)", chunk.join(", ")))
            .collect();
    }
    format!(
        "use addax::dfdx::optim::{{Adam, AdamConfig}};\n\
         use addax::dfdx::prelude::*;\n\n\
         type Deep = ({},);\n\n\
         fn main() -> Result<(), Box<dyn std::error::Error>> {{\n\
         \x20   let device = Cpu::default();\n\
         \x20   let mut model = device.build_module::<Deep, f32>();\n\
         \x20   let mut adam = Adam::new(&model, AdamConfig::default());\n\
         \x20   let gradients = model.alloc_grads();\n\
         \x20   let samples: Tensor<Rank2<32, 64>, f32, _> = device.zeros();\n\
         \x20   let answers: Tensor<Rank2<32, 10>, f32, _> = device.zeros();\n\
         \x20   let logits = model.forward_mut(samples.traced(gradients));\n\
         \x20   let gradients = cross_entropy_with_logits_loss(logits, answers).backward();\n\
         \x20   adam.update(&mut model, &gradients).expect(\"every weight has a gradient\");\n\
         \x20   Ok(())\n\
         }}\n",
        layers.join(", ")
    )
}

fn processor() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or("unknown".to_owned(), |(_, name)| name.to_owned())
}

/// How many programs ran or waited in the minute before.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    match load.split(' ').next() {
        Some(load) if !load.is_empty() => format!(
            "the load of the minute before was {load}, the building of the dependencies included"
        ),
        _ => "the load is not known".to_owned(),
    }
}

fn output(command: &mut Command) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&command.output()?.stdout).into_owned())
}
