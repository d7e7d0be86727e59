import ArgumentParser
import DataplaneModel
import LinuxDataplane
import NodeChecks
import Settings

/// A command that goes on serving, and so gives up what it does not need for that.
protocol ServingCommand: AsyncParsableCommand {
    /// What it is to serve by; nil where that is nothing, or cannot be read: the command itself says
    /// why.
    var servedConfiguration: FairleadConfiguration? { get }
}

extension ServingCommand {
    /// Gives up all rights that serving does not need.
    ///
    /// For the only thread of the process, before the command runs.
    func giveUpRights() {
        guard let configuration = servedConfiguration else { return }
        HostFile.restrictNewFiles()
        if let adjustment = configuration.oomScoreAdjust {
            // Below what it is now it needs a right that goes with the others. A failure is logged
            // when it is tried again.
            try? MemoryShortage.setAdjustment(adjustment)
        }
        var kept: Capabilities = [.networkAdministration, .lowPorts]
        if FilterPrograms.needRawSockets { kept.insert(.rawSockets) }
        if !ProcessRights.needsNoModules { kept.insert(.moduleLoading) }
        let files = [configuration.kubernetes.kubeconfig, configuration.manifests.directory]
        do throws(DataplaneError) {
            try ProcessRights.limit(to: kept, reading: files.filter { !$0.isEmpty })
        } catch {
            Output.remark("more rights are held than serving needs: \(error)")
        }
    }
}

extension Run: ServingCommand {
    var servedConfiguration: FairleadConfiguration? {
        guard let file = options.followedFile else { return try? options.configuration() }
        guard let text = try? HostFile.read(file.path, upTo: ConfigurationFile.longest) else {
            return nil
        }
        return try? file.read(text).configuration
    }
}

extension KubeProxy: ServingCommand {
    var servedConfiguration: FairleadConfiguration? {
        guard let line = try? KubeProxyCommandLine(flags), !line.wantsHelp, !line.wantsVersion,
            !line.wantsInitializationOnly, !line.wantsCleanup, line.writeConfigTo == nil
        else { return nil }
        guard let path = line.configFile else {
            return try? line.configuration(file: nil).configuration
        }
        guard let text = try? HostFile.read(path, upTo: ConfigurationFile.longest)
        else { return nil }
        let file = ConfigurationText(text, fileName: path)
        return try? line.configuration(file: file).configuration
    }
}
