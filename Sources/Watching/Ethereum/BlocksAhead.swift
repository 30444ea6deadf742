internal import ChainTypes

/// Blocks on their way: fetched and proved in the order in which they are read, while those before
/// them are read and committed, from one step to the next too. Lives in the watcher, an actor.
final class BlocksAhead {
  typealias Answer = EthereumBlockSource.Answer

  /// Those that were begun and not read yet, the next one first.
  private var coming: [(block: BlockRef, answer: Task<Answer, Never>)] = []
  /// Those behind them.
  private var rest: ArraySlice<BlockRef> = []

  deinit { giveUp() }

  /// Goes along `blocks` from now on. What is coming stays where they begin with it.
  func follow(_ blocks: [BlockRef]) {
    if !blocks.starts(with: coming.map(\.block)) { giveUp() }
    rest = blocks[coming.count...]
  }

  /// The next block's answer; nil at the end. Others are begun behind it.
  ///
  /// - Parameters:
  ///   - width: how many are fetched and proved at once
  ///   - count: how many may be begun, or wait to be read; with 1 nothing else is asked while a
  ///     block is read
  nonisolated(nonsending) func next(
    from source: EthereumBlockSource, width: Int, count: Int
  ) async -> Answer? {
    begin(source, width: width, count: count)
    guard !coming.isEmpty else { return nil }
    let answer = coming.removeFirst().answer
    return await withTaskCancellationHandler {
      await answer.value
    } onCancel: {
      answer.cancel()
    }
  }

  private func begin(_ source: EthereumBlockSource, width: Int, count: Int) {
    while coming.count < max(count, 1), let block = rest.popFirst() {
      // Each waits for the one `width` before it, so that no more are under way at once; those that
      // were read are there.
      let before = coming.count < width ? nil : coming[coming.count - width].answer
      coming.append(
        (
          block,
          Task {
            _ = await before?.value
            return await source.fetch(block)
          }
        ))
    }
  }

  /// Ends what is under way and forgets what has come.
  func giveUp() {
    for (_, answer) in coming { answer.cancel() }
    coming = []
    rest = []
  }
}
