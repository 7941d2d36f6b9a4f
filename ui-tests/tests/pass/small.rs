use addax::network;
network! {
    /// X.
    pub Small: (4, 4, 1) => 3 { Flatten(), Dense(3) }
}
fn main() {}
