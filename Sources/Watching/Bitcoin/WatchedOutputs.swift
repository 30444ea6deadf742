internal import Bitcoin
internal import ChainTracking
internal import ChainTypes

/// What a scan looks for: outputs to watched scripts, and spends of what pending transfers spend
/// and of what outgoing transactions may.
///
/// Lives for one scan, so that neither the set nor the tracker is copied when it changes next.
struct WatchedOutputs: OutputWatching {
  let set: WatchSet
  /// Nil where outputs alone are looked for, as in a rescan.
  var tracker: TransferTracker?
  var slots: Set<OutgoingSlot> = []

  func watches(scriptPubKey: RawSpan) -> Bool { set.contains(scriptPubKey) }

  func beginLookUps() -> WatchSet.LookUps { WatchSet.LookUps() }

  func lookUp(
    _ scripts: Span<Range<UInt32>>, from first: Int, of bytes: RawSpan,
    _ lookUps: inout WatchSet.LookUps
  ) { set.lookUp(scripts, from: first, in: bytes, &lookUps) }

  func finish(
    _ lookUps: inout WatchSet.LookUps, _ scripts: Span<Range<UInt32>>, of bytes: RawSpan
  ) -> [Int] { set.finish(&lookUps, scripts, in: bytes).map(\.place) }

  func watches(spending outpoint: Outpoint) -> Bool {
    tracker?.isPendingInput(outpoint) == true
      || (!slots.isEmpty && slots.contains(.outpoint(outpoint)))
  }

  var watchesInputs: Bool { tracker?.hasPendingInputs == true || !slots.isEmpty }
}
