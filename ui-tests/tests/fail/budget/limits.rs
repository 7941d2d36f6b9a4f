use addax::network;

network! {
    pub Words: 8 => 2, budget(parameters < 50_000, latency < 3, flops <= 10) {
        Dense(2),
    }
}

network! {
    pub Signs: 8 => 2, budget(params > 50_000, macs = 10, < 3, params <, params) {
        Dense(2),
    }
}

network! {
    pub Types: 8 => 2, budget(params < 50.5, macs < "many", weight_bytes < UNKNOWN, activation_bytes < 1 +) {
        Dense(2),
    }
}

network! {
    pub Nothing: 8 => 2, budget() {
        Dense(2),
    }
}

network! {
    pub Comma: 8 => 2 budget(params < 50) {
        Dense(2),
    }
}

network! {
    pub First: 8, budget(params < 50) => 2 {
        Dense(2),
    }
}

fn main() {
    let _ = addax::Model::new(network!(8 => 2, budget(params < 18) { Dense(2) }), &addax::dfdx::tensor::Cpu::default());
}
