using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Sim.Networks;

namespace StatelessSwarm.Sim.Swarms;

/// <summary>
/// One node connects to another: TCP's handshake and BitTorrent's, in trips. The one that answers stands after three, the one that
/// opens after four. Nobody there: refused after two trips; nothing comes back: given up after the shell's time limit.
/// </summary>
internal sealed class ConnectAttempt(SimNode opener, PeerHandle handle, SimNode answerer, int grain) : EventTarget
{
    /// <summary>An attempt without an answer, in nanoseconds: <c>SwarmHost.ConnectTimeout</c>.</summary>
    public const long ConnectTimeout = 8 * VirtualClock.Second;

    /// <summary>A connection without a handshake: <c>PeerHandshaker.Timeout</c>.</summary>
    public const long HandshakeTimeout = 10 * VirtualClock.Second;

    // At the answerer's site.
    private const int Knock = 0;
    private const int AnswererStands = 1;

    // At the opener's site.
    private const int OpenerStands = 2;
    private const int Refused = 3;

    private readonly int _life = opener.Life;
    private readonly long _since = opener.Site.Clock.Now;
    private readonly bool _isLan = opener.Site == answerer.Site;
    private Pipe _forth = null!;

    private long Trip => _isLan ? SimSite.LanDelay : opener.Site.Delay + answerer.Site.Delay + 2 * SimSite.LanDelay;

    /// <summary>Sets out.</summary>
    public void Begin()
    {
        var now = opener.Site.Clock.Now;
        if (opener.Up.Wire.NextOpen(now) > now || IsApart(now) || (!_isLan && opener.Site.Up.NextOpen(now) > now))
            opener.Site.Events.Push(now + ConnectTimeout, this, Refused);
        else
            Plan(opener.Site, answerer.Site, now + Trip, Knock);
    }

    /// <inheritdoc/>
    public override void Fire(int what, long argument)
    {
        switch (what)
        {
            case Knock:
                Answer();
                break;
            case AnswererStands:
                answerer.Connected(_forth.Back, false, opener);
                break;
            case OpenerStands when opener.Life == _life && !opener.IsDead:
                opener.Connected(_forth, true, answerer);
                break;
            case OpenerStands:
                _forth.TellClosed();
                break;
            default:
                if (opener.Life == _life)
                    opener.ConnectFailed(answerer);
                break;
        }
    }

    private void Answer()
    {
        var site = answerer.Site;
        var now = site.Clock.Now;
        var isCut = answerer.Down.NextOpen(now) > now || IsApart(now) || (!_isLan && site.Down.NextOpen(now) > now);
        if (isCut || answerer.IsSilent)
        {
            Plan(site, opener.Site, Math.Max(now + Trip, _since + ConnectTimeout), Refused);
        }
        else if (answerer.IsFrozen)
        {
            Plan(site, opener.Site, Math.Max(now + Trip, _since + HandshakeTimeout), Refused);
        }
        else if (answerer.IsDead)
        {
            Plan(site, opener.Site, now + Trip, Refused);
        }
        else
        {
            _forth = new Pipe(opener, answerer, handle, _life, grain);
            _forth.Back = new Pipe(answerer, opener, answerer.NewHandle(), answerer.Life, grain) { Back = _forth };
            site.Events.Push(now + 2 * Trip, this, AnswererStands);
            Plan(site, opener.Site, now + 3 * Trip, OpenerStands);
        }
    }

    private bool IsApart(long now) => _isLan && opener.Site.WholeAt(opener, answerer, now) > now;

    private void Plan(SimSite from, SimSite to, long at, int what)
    {
        if (from == to)
            to.Events.Push(at, this, what);
        else
            from.Post(to, at, this, what, 0);
    }
}
