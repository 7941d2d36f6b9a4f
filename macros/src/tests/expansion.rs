use super::*;
#[test]
fn dump() {
    println!(
        "{}",
        expansion(
            "/// Doc.\npub Letters: (SIDE, Self::W, 1) => 10 { Conv2D(16, (3, 3), activation = relu), MaxPooling2D(2), Flatten(), hidden: Dense(units = 64, activation = relu), Dense(10, activation = softmax) }"
        )
    );
}
