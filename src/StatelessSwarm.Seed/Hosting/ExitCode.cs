namespace StatelessSwarm.Seed.Hosting;

/// <summary>Exit codes, the same table as every command of the project.</summary>
internal static class ExitCode
{
    /// <summary>Done: stopped when asked to.</summary>
    public const int Done = 0;

    /// <summary>Failed: repository missing, port in use, ...</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage.</summary>
    public const int Usage = 2;
}
