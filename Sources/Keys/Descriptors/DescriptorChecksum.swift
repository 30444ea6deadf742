/// The eight characters behind `#` that guard a descriptor (BIP-0380).
package enum DescriptorChecksum {
  /// The place of a character in a group of 32 is one symbol; the groups of three characters
  /// together are another.
  private static let characters = Array(
    #"0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\ "#
      .utf8)

  private static let places: [UInt8] = {
    var table = [UInt8](repeating: 0xff, count: 256)
    for (place, character) in characters.enumerated() { table[Int(character)] = UInt8(place) }
    return table
  }()

  private static let digits = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

  private static let generators: [UInt64] = [
    0xf5_dee5_1989, 0xa9_fdca_3312, 0x1b_ab10_e32d, 0x37_06b1_677a, 0x64_4d62_6ffd,
  ]

  /// The checksum of `expression`, or nil where it holds a character that no descriptor may have.
  package static func checksum(of expression: some StringProtocol) -> String? {
    var state: UInt64 = 1
    var group: UInt64 = 0
    var groupCount = 0
    for character in expression.utf8 {
      let place = places[Int(character)]
      guard place != 0xff else { return nil }
      state = step(state, UInt64(place & 31))
      group = group * 3 + UInt64(place >> 5)
      groupCount += 1
      if groupCount == 3 {
        state = step(state, group)
        (group, groupCount) = (0, 0)
      }
    }
    if groupCount > 0 { state = step(state, group) }
    for _ in 0..<8 { state = step(state, 0) }
    state ^= 1
    let text = (0..<8).map { digits[Int(state >> UInt64(5 * (7 - $0)) & 31)] }
    return String(decoding: text, as: UTF8.self)
  }

  private static func step(_ state: UInt64, _ symbol: UInt64) -> UInt64 {
    let top = state >> 35
    var next = (state & 0x7_ffff_ffff) << 5 ^ symbol
    for (bit, generator) in generators.enumerated() where top >> UInt64(bit) & 1 == 1 {
      next ^= generator
    }
    return next
  }
}
