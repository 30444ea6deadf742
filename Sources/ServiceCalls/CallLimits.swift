internal import GRPCCore

/// What bounds a call.
enum CallLimits {
  /// Of a message, either way: room for as many lines as a request may have.
  static let messageBytes = 1 << 20
  /// How many calls a connection has at once.
  static let streams = 256
  /// How many calls may watch this process's health, which wants no token.
  static let watches = 64
  /// How long nothing may be heard of the other side before it is asked whether it is there, and
  /// how long it has to say so.
  static let keepaliveTime = Duration.seconds(20)
  static let keepaliveTimeout = Duration.seconds(10)
}
