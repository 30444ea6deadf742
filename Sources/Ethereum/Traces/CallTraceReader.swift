internal import Addresses
internal import Bytes

/// Reads a call tracer's frames into a flat list, each behind the one it was called from. Nothing
/// recurses, so no trace is too deep for the stack.
struct CallTraceReader {
  private var frames: [CallFrame] = []
  private var open: [OpenFrame] = []

  /// The EVM calls 1,024 deep at the most; a call is an object in an array, inside the block's own
  /// arrays and objects.
  static let maximumDepth = 2 * 1_026 + 8

  /// A block's gas pays for some hundred thousand calls; more aren't kept.
  private static let maximumFrameCount = 1 << 20

  /// A frame whose end wasn't reached yet.
  private struct OpenFrame {
    let index: Int
    var callCount: UInt32 = 0
    var isInCalls = false
  }

  /// Reads the frame that comes next, and all it holds, in place of those read before.
  mutating func read(_ reader: inout AnswerReader) throws(AnswerError) {
    frames.removeAll(keepingCapacity: true)
    open.removeAll(keepingCapacity: true)
    try begin(parent: nil, ordinal: 0, &reader)
    while let current = open.indices.last {
      if open[current].isInCalls {
        if try reader.nextElement() {
          let ordinal = open[current].callCount
          open[current].callCount += 1
          try begin(parent: open[current].index, ordinal: ordinal, &reader)
        } else {
          open[current].isInCalls = false
        }
      } else if let name = try reader.nextMember() {
        try readMember(reader.string(name), of: current, &reader)
      } else {
        open.removeLast()
      }
    }
    // A frame stands behind the one around it, so one pass hands down what was undone.
    for index in frames.indices {
      if let parent = frames[index].parent, frames[parent].isReverted {
        frames[index].isReverted = true
      }
    }
  }

  private mutating func begin(
    parent: Int?, ordinal: UInt32, _ reader: inout AnswerReader
  ) throws(AnswerError) {
    guard frames.count < Self.maximumFrameCount else { throw .tooMany("calls") }
    try reader.openObject()
    open.append(OpenFrame(index: frames.count))
    frames.append(CallFrame(parent: parent, ordinal: ordinal))
  }

  private mutating func readMember(
    _ name: String, of current: Int, _ reader: inout AnswerReader
  ) throws(AnswerError) {
    let index = open[current].index
    switch name {
    case "calls":
      if try reader.skipNull() { return }
      // A second list would give two calls the same path.
      guard open[current].callCount == 0 else { throw .duplicate(name) }
      try reader.openArray()
      open[current].isInCalls = true
    case "type":
      frames[index].kind = CallFrame.Kind(reader.string(try reader.readString()))
    case "from":
      frames[index].from = try reader.readAddress(name)
    case "to":
      frames[index].to = try reader.readAddress(name)
    case "value":
      frames[index].value = try reader.readNumber(name)
    case "error":
      if try reader.skipNull() { return }
      try reader.skipValue()
      frames[index].isReverted = true
    default: try reader.skipValue()
    }
  }

  /// What the frames read last say.
  func trace<Watching: AddressWatching>(
    transactionHash: Hash32?, watching: Watching
  ) -> CallTrace {
    var movements: [CallTrace.Movement] = []
    var isComplete = true
    for frame in frames.dropFirst() {
      do {
        guard let movement = try frame.movement(),
          watching.watches(movement.to) || watching.watches(movement.from)
        else { continue }
        movements.append(
          CallTrace.Movement(
            path: path(of: frame), from: movement.from, to: movement.to, value: movement.value))
      } catch {
        isComplete = false
      }
    }
    return CallTrace(
      transactionHash: transactionHash, isReverted: frames.first?.isReverted ?? false,
      movements: movements, isComplete: isComplete)
  }

  private func path(of frame: CallFrame) -> [UInt32] {
    var path: [UInt32] = []
    var frame = frame
    while let parent = frame.parent {
      path.append(frame.ordinal)
      frame = frames[parent]
    }
    return path.reversed()
  }
}
