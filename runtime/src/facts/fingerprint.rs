//! The architecture of a network as one number, and as text that tells where two networks differ.

use super::Blueprint;
use crate::shape::{MAX_PARAMETERS, Outcome, Reach, Setting, Shape};

/// FNV-1a with 64 bits (Fowler, Noll and Vo).
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    const fn new() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    const fn bytes(mut self, bytes: &[u8]) -> Self {
        let mut i = 0;
        while i < bytes.len() {
            self.0 = (self.0 ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
            i += 1;
        }
        self
    }

    const fn number(self, number: usize) -> Self {
        self.bytes(&(number as u64).to_le_bytes())
    }

    /// With its length, so that two texts in a row are not one.
    const fn text(self, text: &str) -> Self {
        self.number(text.len()).bytes(text.as_bytes())
    }

    const fn pair(self, [height, width]: [usize; 2]) -> Self {
        self.number(height).number(width)
    }

    const fn shape(self, shape: Shape) -> Self {
        let mut hash = self.number(shape.rank());
        let mut axis = 0;
        while shape.is_known() && axis < shape.rank() {
            hash = hash.number(shape.dim(axis));
            axis += 1;
        }
        hash
    }

    const fn numbers(self, numbers: &[usize]) -> Self {
        let mut hash = self.number(numbers.len());
        let mut i = 0;
        while i < numbers.len() {
            hash = hash.number(numbers[i]);
            i += 1;
        }
        hash
    }

    /// What a layer is and what its rule says, its shape left out.
    const fn outcome(self, kind: &str, outcome: &Outcome) -> Self {
        if let Some(totals) = outcome.network() {
            return self.bytes(&totals.fingerprint.to_le_bytes());
        }
        let mut hash = self.text(kind);
        let mut i = 0;
        while i < MAX_PARAMETERS {
            if let Some(parameter) = outcome.parameter(i) {
                hash = hash.text(parameter.name).shape(parameter.shape);
            }
            i += 1;
        }
        if let Some(activation) = outcome.activation() {
            hash = hash.text(activation.name());
        }
        if let Reach::Window(window) = outcome.reach() {
            hash = hash
                .pair(window.size)
                .pair(window.strides)
                .number(window.padded as usize);
        }
        let settings = outcome.settings();
        let mut i = 0;
        while i < settings.len() {
            if let Some((name, setting)) = settings[i] {
                hash = hash.text(name);
                hash = match setting {
                    Setting::Flag(flag) => hash.number(flag as usize),
                    Setting::Number(number) => hash.number(number),
                    Setting::Pair(pair) => hash.pair(pair),
                    Setting::Real(number) => hash.bytes(&number.to_bits().to_le_bytes()),
                    Setting::Word(word) => hash.text(word),
                };
            }
            i += 1;
        }
        hash
    }
}

impl Blueprint {
    /// See [`Facts::FINGERPRINT`](super::Facts::FINGERPRINT).
    pub const fn fingerprint(&self) -> u64 {
        let mut hash = Hash::new().number(self.inputs.len());
        let mut i = 0;
        while i < self.inputs.len() {
            hash = hash.shape(self.inputs[i].1);
            i += 1;
        }
        let mut i = 0;
        while i < self.calls.len() {
            let call = &self.calls[i];
            hash = hash
                .number(call.layer)
                .outcome(self.layers[call.layer].kind, call.outcome)
                .shape(call.shape)
                .numbers(call.inputs);
            i += 1;
        }
        let mut i = 0;
        while i < self.outputs.len() {
            hash = hash.number(self.outputs[i].1);
            i += 1;
        }
        hash.0
    }
}

/// The architecture in words: a line for each input, call and output, which starts with its name.
#[derive(Debug)]
pub(crate) struct Description {
    fingerprint: u64,
    lines: Vec<Line>,
}

/// A name, and what is said of it.
type Line = (String, Vec<String>);

/// Between the parts of a line.
const SEPARATOR: &str = "; ";

impl Description {
    /// The description of a network.
    pub(crate) fn new(blueprint: &Blueprint) -> Self {
        let mut lines = Vec::new();
        describe(blueprint, "", &mut lines);
        Description {
            fingerprint: blueprint.fingerprint(),
            lines,
        }
    }

    /// Reads what [`Description::to_string`] wrote. `None` if it is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let fingerprint = u64::from_str_radix(first.strip_prefix("fingerprint ")?, 16).ok()?;
        let lines = rest.lines().map(|line| {
            let (name, parts) = line.split_once(": ")?;
            let parts = parts.split(SEPARATOR).map(str::to_owned).collect();
            Some((name.to_owned(), parts))
        });
        Some(Description {
            fingerprint,
            lines: lines.collect::<Option<_>>()?,
        })
    }

    /// What is otherwise in the file, a line for each layer, with the layer's name. Nothing if both describe the same.
    pub(crate) fn differences(&self, file: &Description) -> Vec<(String, String)> {
        if self.fingerprint == file.fingerprint {
            return Vec::new();
        }
        let find = |description: &Description, name: &str| {
            let mut lines = description.lines.iter();
            lines.position(|(other, _)| other == name)
        };
        let mut differences = Vec::new();
        for (name, parts) in &self.lines {
            match find(file, name) {
                None => differences.push((name, alone(name, parts, "is not in the file"))),
                Some(there) if file.lines[there].1 != *parts => {
                    differences.push((name, difference(name, &file.lines[there].1, parts)));
                }
                Some(_) => {}
            }
        }
        for (name, parts) in &file.lines {
            if find(self, name).is_none() {
                differences.push((name, alone(name, parts, "is not in the network")));
            }
        }
        // Where layers differ, it is no news that other values go in and out.
        let is_layer = |name: &str| !name.starts_with("input ") && !name.starts_with("output ");
        if differences.iter().any(|(name, _)| is_layer(name)) {
            differences.retain(|(name, _)| is_layer(name));
        }
        let differences = differences.into_iter();
        differences
            .map(|(name, text)| (name.clone(), text))
            .collect()
    }
}

/// Something that the other side does not have: `` `conv2d_1` (Conv2D) is not in the file ``
fn alone(name: &str, parts: &[String], where_not: &str) -> String {
    match parts.first() {
        Some(kind) => format!("`{name}` ({kind}) {where_not}"),
        None => format!("`{name}` {where_not}"),
    }
}

/// Only what differs: `` `dense`: activation relu in the file, but activation tanh in the network ``
fn difference(name: &str, file: &[String], network: &[String]) -> String {
    let only = |these: &[String], those: &[String]| {
        let parts = these.iter().filter(|part| !those.contains(part));
        parts.map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let (theirs, ours) = (only(file, network), only(network, file));
    let or_nothing = |parts: String| {
        if parts.is_empty() {
            "nothing of the kind".to_owned()
        } else {
            parts
        }
    };
    format!(
        "`{name}`: {} in the file, but {} in the network",
        or_nothing(theirs),
        or_nothing(ours)
    )
}

impl std::fmt::Display for Description {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fingerprint {:016x}", self.fingerprint)?;
        for (name, parts) in &self.lines {
            write!(f, "\n{name}: {}", parts.join(SEPARATOR))?;
        }
        Ok(())
    }
}

/// Adds the lines of a network. `prefix` stands in front of the names: `encoder.` for a network that is a layer.
fn describe(blueprint: &Blueprint, prefix: &str, lines: &mut Vec<Line>) {
    let names = value_names(blueprint);
    // A blank, which no name has, keeps inputs and outputs apart from layers.
    let inputs = blueprint.inputs.iter();
    lines.extend(inputs.map(|(name, shape)| {
        let name = format!("input {prefix}{name}");
        (name, vec![shape.to_string()])
    }));
    for (i, call) in blueprint.calls.iter().enumerate() {
        let value = blueprint.inputs.len() + i;
        let entry = &blueprint.layers[call.layer];
        let network = call.outcome.network();
        let is_first = entry.call == i;
        let mut parts = Vec::new();
        // What a layer is stands with its first call. The name of a network does not count.
        if is_first {
            let kind = if network.is_some() {
                "network"
            } else {
                entry.kind
            };
            parts.push(kind.to_owned());
        }
        // In a list every layer takes what the one before it gives, and that goes without saying.
        if *call.inputs != [value - 1] {
            let taken: Vec<&str> = call.inputs.iter().map(|&v| names[v].as_str()).collect();
            parts.push(format!("takes {}", taken.join(" and ")));
        }
        if is_first {
            parts.extend(outcome_parts(call.outcome));
        }
        parts.push(format!("gives {}", call.shape));
        lines.push((format!("{prefix}{}", names[value]), parts));
        if let Some(totals) = network
            && is_first
        {
            describe(totals.blueprint, &format!("{prefix}{}.", entry.name), lines);
        }
    }
    let outputs = blueprint.outputs.iter();
    lines.extend(outputs.map(|(name, value)| {
        let name = format!("output {prefix}{name}");
        (name, vec![names[*value].clone()])
    }));
}

/// A name for each value: that of its layer, numbered where a layer is called again.
fn value_names(blueprint: &Blueprint) -> Vec<String> {
    let mut names: Vec<String> = blueprint
        .inputs
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let mut calls = vec![0; blueprint.layers.len()];
    for call in blueprint.calls {
        calls[call.layer] += 1;
        let name = blueprint.layers[call.layer].name;
        names.push(match calls[call.layer] {
            1 => name.to_owned(),
            n => format!("{name} (call {n})"),
        });
    }
    names
}

fn outcome_parts(outcome: &Outcome) -> Vec<String> {
    let mut parts: Vec<String> = outcome
        .parameters()
        .filter(|parameter| parameter.shape.size() > 0)
        .map(|parameter| format!("{} {}", parameter.name, parameter.shape))
        .collect();
    if let Reach::Window(window) = outcome.reach() {
        parts.push(format!("window {}", Setting::Pair(window.size)));
        parts.push(format!("strides {}", Setting::Pair(window.strides)));
        let padding = if window.padded { "same" } else { "valid" };
        parts.push(format!("padding {padding}"));
    }
    if let Some(activation) = outcome.activation() {
        parts.push(format!("activation {}", activation.name()));
    }
    for (name, setting) in outcome.settings().iter().flatten() {
        parts.push(format!("{name} {setting}"));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activations::ActivationFunction;
    use crate::facts::{Call, LayerEntry};
    use crate::layers::Dense;

    #[test]
    fn the_hash_is_fnv_1a() {
        // Test vectors of the authors.
        assert_eq!(Hash::new().bytes(b"").0, 0xcbf2_9ce4_8422_2325);
        assert_eq!(Hash::new().bytes(b"a").0, 0xaf63_dc4c_8601_ec8c);
        assert_eq!(Hash::new().bytes(b"foobar").0, 0x8594_4171_f739_67e8);
    }

    const fn dense(activation: ActivationFunction) -> Outcome {
        let layer = Dense {
            activation,
            ..Dense::new(2)
        };
        layer.output(&[Shape::new([2])])
    }

    const X: (&str, Shape) = ("x", Shape::new([2]));

    /// A layer, or a network, that is called twice.
    const fn tower(kind: &'static str) -> LayerEntry {
        LayerEntry {
            name: "tower",
            kind,
            call: 0,
        }
    }

    /// A network of these calls.
    const fn twice(layers: &'static [LayerEntry], calls: &'static [Call]) -> Blueprint {
        Blueprint {
            name: "Twice",
            inputs: &[X],
            layers,
            calls,
            outputs: &[("y", 2)],
        }
    }

    const fn calls(outcome: &'static Outcome) -> [Call; 2] {
        let first = Call {
            layer: 0,
            outcome,
            shape: outcome.shape(""),
            inputs: &[0],
        };
        [
            first,
            Call {
                inputs: &[1],
                ..first
            },
        ]
    }

    #[test]
    fn networks_within_a_network_are_described_with_it() {
        const RELU: Blueprint = twice(&[tower("Dense")], &calls(&dense(ActivationFunction::Relu)));
        const TANH: Blueprint = twice(&[tower("Dense")], &calls(&dense(ActivationFunction::Tanh)));
        const RELUS: Outcome =
            Outcome::ok(Shape::new([2])).with_network(RELU.totals(Reach::All, None));
        const TANHS: Outcome =
            Outcome::ok(Shape::new([2])).with_network(TANH.totals(Reach::All, None));
        const OUTER_RELU: Blueprint = twice(&[tower("Encoder")], &calls(&RELUS));
        const OUTER_TANH: Blueprint = twice(&[tower("Encoder")], &calls(&TANHS));
        // Parameters once, operations for each call of each call.
        const _: () = assert!(OUTER_RELU.params() == 6 && OUTER_RELU.macs() == 4 * 4);
        const _: () = assert!(OUTER_RELU.activation_bytes() == 4 * (2 + 4 * 2));
        const _: () = assert!(OUTER_RELU.fingerprint() != OUTER_TANH.fingerprint());

        let (relu, tanh) = (Description::new(&OUTER_RELU), Description::new(&OUTER_TANH));
        let text = relu.to_string();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "input x: 2",
                "tower: network; gives 2",
                "input tower.x: 2",
                "tower.tower: Dense; kernel (2, 2); bias 2; activation relu; gives 2",
                "tower.tower (call 2): gives 2",
                "output tower.y: tower (call 2)",
                "tower (call 2): gives 2",
                "output y: tower (call 2)",
            ]
        );
        let file = Description::parse(&text).unwrap();
        assert_eq!(relu.differences(&file), []);
        let problems: Vec<String> = tanh.differences(&file).into_iter().map(|d| d.1).collect();
        assert_eq!(
            problems,
            ["`tower.tower`: activation relu in the file, but activation tanh in the network"]
        );
    }

    #[test]
    fn other_text_is_no_description() {
        for text in [
            "",
            "fingerprint",
            "fingerprint x",
            "fingerprint 12\nno parts",
        ] {
            assert!(Description::parse(text).is_none(), "{text}");
        }
    }
}
