namespace StatelessSwarm.Engine.Downloading;

/// <summary>Payload bytes received.</summary>
internal sealed class DownloadCounters
{
    public long Lan { get; set; }

    public long Wan { get; set; }

    public long Http { get; set; }

    public long Wasted { get; set; }
}
