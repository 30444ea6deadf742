/// Byte strings one after another in one array: scripts as they stand in a block, requests.
struct ByteRun: Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var ranges: [Range<Int>] = []

  mutating func append(_ string: some Collection<UInt8>) {
    ranges.append(bytes.count..<bytes.count + string.count)
    bytes += string
  }
}
