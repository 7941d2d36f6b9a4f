use addax::network;

fn main() {
    let network = network!((4, 4, 1) => 3 {
        Conv2D(8, 5),
        Dense(3),
    });
    println!("{network:?}");
}
