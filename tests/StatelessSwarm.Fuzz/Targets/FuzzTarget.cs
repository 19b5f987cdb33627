namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// One reader of hostile bytes. <see cref="Run"/> must come back for every input, without any exception, having allocated no more than
/// <see cref="MaxAllocated"/>; what a reader is documented to throw, the target catches.
/// </summary>
public abstract class FuzzTarget
{
    /// <summary>Name on the command line and of the corpus folder.</summary>
    public abstract string Name { get; }

    /// <summary>Longest input worth making, in bytes.</summary>
    public virtual int MaxInput => 4096;

    /// <summary>Byte strings that mean something to the reader; the mutator puts them in.</summary>
    public virtual IReadOnlyList<byte[]> Words => [];

    /// <summary>Every target, in the order they are run.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new WireTarget(),
        new HandshakeTarget(),
        new EncryptedHandshakeTarget(),
        new HashRangeTarget(),
        new ExtensionHandshakeTarget(),
        new MetadataMessageTarget(),
        new ClaimMessageTarget(),
        new PexTarget(),
        new EngineTarget(),
        new MetadataFetcherTarget(),
        new BencodeTarget(),
        new MetainfoTarget(),
        new MagnetTarget(),
        new TrackerReplyTarget(),
        new UdpTrackerTarget(),
        new LocalDiscoveryTarget(),
        new DnsTarget(),
        new ManifestTarget(),
        new ChannelTarget(),
        new ChunkMapTarget(),
        new EnvelopeTarget(),
        new RootMetadataTarget(),
        new ResumeJournalTarget(),
        new TarTarget(),
        new StatementTarget(),
        new EnrolmentTarget(),
        new DhcpTarget(),
        new TftpTarget(),
        new KernelCommandLineTarget(),
        new BootRecordTarget(),
        new KernelImageTarget(),
        new ElfTarget(),
        new SuperblockTarget(),
    ];

    /// <summary>Bytes that reading <paramref name="length"/> bytes may allocate.</summary>
    public virtual long MaxAllocated(int length) => 1024 * 1024 + 512L * length;

    /// <summary>Reads the input, and checks what can be checked of the result.</summary>
    /// <exception cref="BrokenPropertyException">A property does not hold.</exception>
    public abstract void Run(ReadOnlySpan<byte> input);

    /// <summary>Small inputs that the reader takes, made by our own writers, by file name.</summary>
    public abstract IEnumerable<(string Name, byte[] Bytes)> Seeds();

    /// <summary>The target of a name, or null.</summary>
    public static FuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Words from text, for <see cref="Words"/>.</summary>
    protected static byte[][] WordsOf(params string[] words) => [.. words.Select(System.Text.Encoding.Latin1.GetBytes)];

    /// <summary>Checks a property.</summary>
    protected static void Require(bool holds, string property)
    {
        if (!holds)
            throw new BrokenPropertyException(property);
    }
}
