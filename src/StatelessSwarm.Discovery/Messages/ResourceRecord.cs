namespace StatelessSwarm.Discovery.Messages;

/// <summary>
/// A resource record of class IN. Its data is kept uncompressed, so that comparing it is comparing bytes
/// (RFC 6762 8.2 wants exactly this for tie-breaking).
/// </summary>
internal sealed class ResourceRecord
{
    private readonly byte[] _data;

    /// <summary>Makes a record; owns <paramref name="data"/> from here on.</summary>
    public ResourceRecord(DomainName name, RecordType type, uint timeToLiveSeconds, bool flushesCache, byte[] data)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, ushort.MaxValue);
        Name = name;
        Type = type;
        TimeToLiveSeconds = timeToLiveSeconds;
        FlushesCache = flushesCache;
        _data = data;
    }

    /// <summary>Owner name.</summary>
    public DomainName Name { get; }

    /// <summary>Type.</summary>
    public RecordType Type { get; }

    /// <summary>Time to live in seconds; 0 says goodbye (RFC 6762 10.1).</summary>
    public uint TimeToLiveSeconds { get; }

    /// <summary>The cache-flush bit, top bit of the class (RFC 6762 10.2).</summary>
    public bool FlushesCache { get; }

    /// <summary>Data, names in it uncompressed.</summary>
    public ReadOnlySpan<byte> Data => _data;

    /// <summary>Name and type.</summary>
    public RecordKey Key => new(Name, Type);

    /// <summary>Same name, type and data; time to live and flush bit do not count.</summary>
    public bool IsSameAs(ResourceRecord other) =>
        Type == other.Type && Name.Equals(other.Name) && HasSameData(other);

    /// <summary>Same data; names in it compare without regard to case.</summary>
    public bool HasSameData(ResourceRecord other) =>
        Type switch
        {
            RecordType.Ptr or RecordType.Cname or RecordType.Ns => DomainName.EqualsIgnoringCase(_data, other._data),
            RecordType.Srv => _data.Length > RecordData.ServiceHeaderLength
                && other._data.Length > RecordData.ServiceHeaderLength
                && _data
                    .AsSpan(0, RecordData.ServiceHeaderLength)
                    .SequenceEqual(other._data.AsSpan(0, RecordData.ServiceHeaderLength))
                && DomainName.EqualsIgnoringCase(
                    _data.AsSpan(RecordData.ServiceHeaderLength),
                    other._data.AsSpan(RecordData.ServiceHeaderLength)
                ),
            _ => Data.SequenceEqual(other.Data),
        };

    /// <summary>The same record as it goes out with another time to live.</summary>
    public ResourceRecord WithTimeToLive(uint seconds, bool flushesCache) =>
        new(Name, Type, seconds, flushesCache, _data);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {TimeToLiveSeconds} {Type} ({_data.Length} bytes)";
}
