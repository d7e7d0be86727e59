import ArgumentParser

@main
struct FaultTrialsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault-trials",
        abstract: "Break what can be broken, on a kernel that may be, and look what becomes of it.",
        subcommands: [CutCommand.self, SoakCommand.self]
    )
}
