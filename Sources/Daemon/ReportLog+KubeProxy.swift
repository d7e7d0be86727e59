import DataplaneModel
import LinuxDataplane
import Logging

extension ReportLog {
    /// Says what kube-proxy left on this node, and which command removes it.
    func sayWhatKubeProxyLeft(stateDirectory: String) {
        do throws(DataplaneError) {
            if let advice = try KubeProxySearch.advice(stateDirectory: stateDirectory) {
                logger.warning("\(advice)")
            }
        } catch {
            logger.debug("what kube-proxy left could not be looked for: \(error)")
        }
    }
}
