using System.Buffers.Binary;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Encryption;

/// <summary>
/// Side A, who connects. B may go on with the connection right behind part 4, so never more is read than surely belongs to the
/// handshake: while VC is looked for, what must still follow it.
/// </summary>
internal sealed class MseInitiator : MseExchange
{
    private readonly InfoHash _torrent;
    private readonly MseMethods _offered;
    private readonly byte[] _early;
    private readonly byte[] _privateKey;
    private readonly byte[] _pad;
    private readonly byte[] _mark = new byte[ConstantSize];
    private Stage _stage;
    private KeyExchange? _keys;
    private Rc4? _incoming;
    private Rc4? _outgoing;
    private int _length;

    /// <param name="torrent">The torrent's name that both sides know.</param>
    /// <param name="offered">Methods offered.</param>
    /// <param name="early">What we say first, at most <see cref="MseExchange.MaxEarly"/> bytes: sent along.</param>
    /// <param name="privateKey"><see cref="KeyExchange.PrivateSize"/> bytes of chance.</param>
    /// <param name="pad">PadA, 0 to 512 bytes of chance.</param>
    public MseInitiator(InfoHash torrent, MseMethods offered, byte[] early, byte[] privateKey, byte[] pad)
        : base(KeyExchange.KeySize + MaxPad + HeadSize + MaxPad)
    {
        _torrent = torrent;
        _offered = offered;
        _early = early;
        _privateKey = privateKey;
        _pad = pad;
        Status = MseStatus.Work;
    }

    private enum Stage
    {
        Begin,
        Key,
        Constant,
        Select,
        Pad,
    }

    /// <inheritdoc/>
    public override void Work()
    {
        if (_stage == Stage.Begin)
        {
            _keys = new KeyExchange(_privateKey);
            Put(_keys.PublicKey);
            Put(_pad);
            _stage = Stage.Key;
            Want(KeyExchange.KeySize);
        }
        else if (_keys!.Agree(TheirKey) is { } secret)
        {
            SayTorrent(secret);
        }
        else
        {
            Status = MseStatus.Fault;
        }
    }

    /// <inheritdoc/>
    protected override void Parse()
    {
        while (Status == MseStatus.Bytes && Step()) { }
    }

    private bool Step() =>
        _stage switch
        {
            Stage.Key => ReadKey(),
            Stage.Constant => FindConstant(),
            Stage.Select => ReadSelect(),
            _ => ReadPad(),
        };

    private void SayTorrent(byte[] secret)
    {
        _outgoing = MseKeys.ByInitiator(secret, _torrent);
        _incoming = MseKeys.ByResponder(secret, _torrent);
        _incoming.Apply(_mark);
        Put(MseKeys.Start(secret));
        Put(MseKeys.TorrentMark(secret, _torrent));
        Span<byte> head = stackalloc byte[HeadSize + 2];
        head.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(head[ConstantSize..], (uint)_offered);
        BinaryPrimitives.WriteUInt16BigEndian(head[HeadSize..], (ushort)_early.Length);
        Put(head, _outgoing);
        Put(_early, _outgoing);
        _stage = Stage.Constant;
        Want(HeadSize);
    }

    private bool FindConstant()
    {
        var at = Waiting.IndexOf(_mark);
        if (at < 0)
        {
            if (Waiting.Length >= MaxPad + ConstantSize)
                Status = MseStatus.Fault;
            else if (Wanted == 0)
                // It may begin seven bytes before the end at the earliest, and has six bytes behind it.
                Want(Math.Min(HeadSize - (ConstantSize - 1), MaxPad + ConstantSize - Waiting.Length));
            return false;
        }
        if (at > MaxPad)
        {
            Status = MseStatus.Fault;
            return false;
        }
        Take(at + ConstantSize);
        _stage = Stage.Select;
        if (Waiting.Length < HeadSize - ConstantSize)
            Want(HeadSize - ConstantSize - Waiting.Length);
        return true;
    }

    private bool ReadSelect()
    {
        if (Waiting.Length < HeadSize - ConstantSize)
            return false;
        var head = Take(HeadSize - ConstantSize);
        _incoming!.Apply(head);
        var chosen = (MseMethods)BinaryPrimitives.ReadUInt32BigEndian(head);
        _length = BinaryPrimitives.ReadUInt16BigEndian(head[4..]);
        if (chosen is not (MseMethods.Plain or MseMethods.Rc4) || (chosen & _offered) == MseMethods.None || _length > MaxPad)
        {
            Status = MseStatus.Fault;
            return false;
        }
        Cipher = chosen == MseMethods.Rc4 ? new StreamCipher(_incoming, _outgoing!) : null;
        _stage = Stage.Pad;
        if (_length > 0)
            Want(_length);
        return true;
    }

    private bool ReadPad()
    {
        if (Waiting.Length < _length)
            return false;
        _incoming!.Apply(Take(_length));
        Status = MseStatus.Done;
        return true;
    }
}
