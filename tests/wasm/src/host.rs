//! What a WebAssembly module asks of its host: random bytes, and a place for what it has to say.

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// A random number from 0 to 255.
    safe fn random_byte() -> u32;
    /// Takes a text of UTF-8 that lies at an address.
    fn say(text: *const u8, len: usize);
}

/// The source of random bytes for `getrandom` under `--cfg getrandom_backend="custom"`; both versions in the tree look for this name.
///
/// # Safety
/// `to` is good for `len` bytes.
// SAFETY: no other symbol has this name, which `getrandom` reserves.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(to: *mut u8, len: usize) -> Result<(), getrandom::Error> {
    for i in 0..len {
        // SAFETY: the caller's promise.
        unsafe { to.add(i).write(random_byte() as u8) };
    }
    Ok(())
}

/// Panics are told to the host before the module stops.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| tell(&panic.to_string())));
}

pub(crate) fn tell(text: &str) {
    // SAFETY: the host reads the text during the call and keeps no address.
    unsafe { say(text.as_ptr(), text.len()) };
}
