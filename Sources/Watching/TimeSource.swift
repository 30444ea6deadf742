package import ChainTypes

/// Where the shell takes the time of day from, so that a simulation can own it.
package protocol TimeSource: Sendable {
  var now: Timestamp { get }
}
