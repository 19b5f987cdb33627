using System.Buffers.Binary;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Encryption;

/// <summary>
/// Side B, who was connected to. A waits for part 4 before it goes on, so nothing that comes before can be part of the connection
/// that follows; more than IA is a fault.
/// </summary>
internal sealed class MseResponder : MseExchange
{
    private readonly IReadOnlyList<InfoHash> _torrents;
    private readonly StreamEncryption _encryption;
    private readonly byte[] _privateKey;
    private readonly byte[] _pad;
    private Stage _stage;
    private byte[] _secret = [];
    private byte[] _start = [];
    private Rc4? _incoming;
    private Rc4? _outgoing;
    private MseMethods _offered;
    private int _length;

    /// <param name="torrents">Names of the torrents we serve.</param>
    /// <param name="encryption">Which methods are taken, and which is liked better.</param>
    /// <param name="privateKey"><see cref="KeyExchange.PrivateSize"/> bytes of chance.</param>
    /// <param name="pad">PadB, 0 to 512 bytes of chance.</param>
    public MseResponder(IReadOnlyList<InfoHash> torrents, StreamEncryption encryption, byte[] privateKey, byte[] pad)
        : base(KeyExchange.KeySize + MaxPad + 2 * MseKeys.MarkSize + HeadSize + MaxPad + 2 + MaxEarly)
    {
        _torrents = torrents;
        _encryption = encryption;
        _privateKey = privateKey;
        _pad = pad;
        Want(KeyExchange.KeySize);
    }

    private enum Stage
    {
        Key,
        Start,
        Torrent,
        Head,
        Pad,
        Early,
    }

    /// <inheritdoc/>
    public override void Work()
    {
        var keys = new KeyExchange(_privateKey);
        if (keys.Agree(TheirKey) is not { } secret)
        {
            Status = MseStatus.Fault;
            return;
        }
        _secret = secret;
        _start = MseKeys.Start(secret);
        Put(keys.PublicKey);
        Put(_pad);
        _stage = Stage.Start;
        Want(Room);
    }

    /// <inheritdoc/>
    protected override void Parse()
    {
        while (Status == MseStatus.Bytes && Step()) { }
    }

    /// <summary>One stage on; false when there are too few bytes.</summary>
    private bool Step() =>
        _stage switch
        {
            Stage.Key => ReadKey(),
            Stage.Start => FindStart(),
            Stage.Torrent => ReadTorrent(),
            Stage.Head => ReadHead(),
            Stage.Pad => ReadPad(),
            _ => ReadEarly(),
        };

    private bool FindStart()
    {
        var reach = Waiting[..Math.Min(Waiting.Length, MaxPad + MseKeys.MarkSize)];
        var at = reach.IndexOf(_start);
        if (at < 0)
        {
            if (reach.Length == MaxPad + MseKeys.MarkSize)
                Status = MseStatus.Fault;
            return false;
        }
        Take(at + MseKeys.MarkSize);
        _stage = Stage.Torrent;
        return true;
    }

    private bool ReadTorrent()
    {
        if (Waiting.Length < MseKeys.MarkSize)
            return false;
        var mark = Take(MseKeys.MarkSize);
        foreach (var torrent in _torrents)
        {
            if (!mark.SequenceEqual(MseKeys.TorrentMark(_secret, torrent)))
                continue;
            _incoming = MseKeys.ByInitiator(_secret, torrent);
            _outgoing = MseKeys.ByResponder(_secret, torrent);
            _stage = Stage.Head;
            return true;
        }
        Status = MseStatus.Fault;
        return false;
    }

    private bool ReadHead()
    {
        if (Waiting.Length < HeadSize)
            return false;
        var head = Take(HeadSize);
        _incoming!.Apply(head);
        _offered = (MseMethods)BinaryPrimitives.ReadUInt32BigEndian(head[ConstantSize..]);
        _length = BinaryPrimitives.ReadUInt16BigEndian(head[(ConstantSize + 4)..]);
        if (head[..ConstantSize].ContainsAnyExcept((byte)0) || _length > MaxPad || Chosen() == MseMethods.None)
            Status = MseStatus.Fault;
        _stage = Stage.Pad;
        return true;
    }

    private bool ReadPad()
    {
        if (Waiting.Length < _length + 2)
            return false;
        var pad = Take(_length + 2);
        _incoming!.Apply(pad);
        _length = BinaryPrimitives.ReadUInt16BigEndian(pad[^2..]);
        if (_length > MaxEarly)
            Status = MseStatus.Fault;
        _stage = Stage.Early;
        return true;
    }

    private bool ReadEarly()
    {
        if (Waiting.Length < _length)
            return false;
        var early = Take(_length);
        _incoming!.Apply(early);
        if (!Waiting.IsEmpty)
        {
            Status = MseStatus.Fault;
            return false;
        }
        Early = early.ToArray();
        Span<byte> head = stackalloc byte[HeadSize];
        head.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(head[ConstantSize..], (uint)Chosen());
        Put(head, _outgoing!);
        Cipher = Chosen() == MseMethods.Rc4 ? new StreamCipher(_incoming, _outgoing!) : null;
        Status = MseStatus.Done;
        return true;
    }

    private MseMethods Chosen()
    {
        var taken = _offered & (_encryption == StreamEncryption.Require ? MseMethods.Rc4 : MseMethods.Plain | MseMethods.Rc4);
        var liked = _encryption == StreamEncryption.Plain ? MseMethods.Plain : MseMethods.Rc4;
        return (taken & liked) != MseMethods.None ? liked : taken;
    }
}
