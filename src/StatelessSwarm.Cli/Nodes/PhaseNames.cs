using StatelessSwarm.Node.Status;

namespace StatelessSwarm.Cli.Nodes;

/// <summary>Names of phases for people and JSON; stable.</summary>
internal static class PhaseNames
{
    /// <summary>For example <c>downloading</c>.</summary>
    public static string Of(UpdatePhase phase) =>
        phase switch
        {
            UpdatePhase.Idle => "idle",
            UpdatePhase.Checking => "checking",
            UpdatePhase.Downloading => "downloading",
            UpdatePhase.Verifying => "verifying",
            UpdatePhase.Activating => "activating",
            UpdatePhase.Failed => "failed",
            _ => "unknown",
        };
}
