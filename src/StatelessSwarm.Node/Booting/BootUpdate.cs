namespace StatelessSwarm.Node.Booting;

/// <summary>When a machine that has a good release looks for a newer one.</summary>
public enum BootUpdate
{
    /// <summary>Before it boots, within the budget.</summary>
    Before,

    /// <summary>After it has booted; the newer one boots next time.</summary>
    After,

    /// <summary>Not at all.</summary>
    No,
}
