namespace StatelessSwarm.Discovery.Browsing;

/// <summary>How much of what strangers say is remembered per link. What exceeds a limit is not taken; what is held stays.</summary>
internal sealed record CacheLimits
{
    /// <summary>Records in all; a service takes about five.</summary>
    public int Records { get; init; } = 8192;

    /// <summary>Records from one source address; a reflector brings many hosts under one.</summary>
    public int RecordsPerSource { get; init; } = 1024;

    /// <summary>Instances of one service type.</summary>
    public int Instances { get; init; } = 1024;

    /// <summary>Records of one name and type other than pointers to instances.</summary>
    public int RecordsPerSet { get; init; } = 16;

    /// <summary>Longest time a record is believed, whatever it claims.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(4);
}
