import ArgumentParser
@main
struct Paybench: ParsableCommand {}
