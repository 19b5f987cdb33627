using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;
using StatelessSwarm.Roots.Storage;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Slots;

/// <summary>
/// Goal: after a power cut current is the old or the new release, even on a file system that writes names in any order
/// between two fsyncs. Method: record the names of <c>roots/</c> that are durable and the operations since; at every step
/// build each directory that a subset of these operations could leave (in order, those that still make sense), and open it.
/// </summary>
public sealed class PowerCutTests
{
    private static readonly SampleRelease Older = SampleRelease.Random(1);
    private static readonly SampleRelease Old = SampleRelease.Random(2);
    private static readonly SampleRelease New = SampleRelease.Random(3);
    private static readonly SampleRelease[] All = [Older, Old, New];

    [Theory]
    [InlineData("activate")]
    [InlineData("rollback")]
    [InlineData("offer")]
    public async Task Change_PowerCutAtAnyStep_LeavesOldOrNewWhateverWasWritten(string change)
    {
        using var state = TemporaryDirectory.InMemory();
        var store = ReleaseStore.Open(state.Path);
        var slots = RootSlots.Open(store);
        var releases = new List<StoredRelease>();
        foreach (var sample in All)
            releases.Add(await sample.AddToAsync(store));
        foreach (var release in releases[..2])
        {
            slots.SetNext(release);
            slots.Activate();
        }
        if (change == "activate")
            slots.SetNext(releases[2]);
        var before = slots.Read();

        var recorder = new RootsRecorder(Path.Combine(state.Path, "roots"));
        var recorded = RootSlots.Open(ReleaseStore.Open(state.Path, recorder, TimeProvider.System));
        switch (change)
        {
            case "activate":
                recorded.Activate();
                break;
            case "rollback":
                recorded.RollBack();
                break;
            default:
                recorded.SetNext(releases[2]);
                break;
        }
        var after = recorded.Read();
        Assert.NotEqual(before, after);
        Assert.True(recorder.Outcomes.Count >= 6, $"only {recorder.Outcomes.Count} outcomes");

        var seen = new HashSet<SlotState>();
        foreach (var outcome in recorder.Outcomes)
        {
            RootsRecorder.Write(Path.Combine(state.Path, "roots"), outcome);
            Assert.True(StateChecks.Current(state.Path, All) is { } current && current != Older || change == "rollback");
            var found = RootSlots.Open(ReleaseStore.Open(state.Path)).Read();
            Assert.True(found == before || found == after, $"{string.Join(", ", outcome)} became {found}");
            StateChecks.IsTidy(state.Path);
            seen.Add(found);
        }
        Assert.Equal(2, seen.Count);
    }
}

/// <summary>Carries out every step and remembers which directories a power cut could have left of <c>roots/</c>.</summary>
internal sealed class RootsRecorder : IStateFileSystem
{
    private readonly StateFileSystem _real = new();
    private readonly string _roots;
    private readonly List<Action<SortedDictionary<string, string>>> _volatile = [];
    private readonly HashSet<string> _known = [];
    private SortedDictionary<string, string> _durable;

    public RootsRecorder(string roots)
    {
        _roots = roots;
        _durable = new(StringComparer.Ordinal);
        foreach (var link in new DirectoryInfo(roots).EnumerateFileSystemInfos())
            _durable[link.Name] = link.LinkTarget!;
    }

    public List<SortedDictionary<string, string>> Outcomes { get; } = [];

    /// <summary>Makes the directory hold exactly these links.</summary>
    public static void Write(string roots, SortedDictionary<string, string> links)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(roots))
            File.Delete(path);
        foreach (var (name, text) in links)
            File.CreateSymbolicLink(Path.Combine(roots, name), text);
    }

    public void CreateLink(string text, string path)
    {
        _real.CreateLink(text, path);
        Record(names => names.TryAdd(Path.GetFileName(path), text));
    }

    public void Rename(string source, string target)
    {
        _real.Rename(source, target);
        Record(names =>
        {
            if (names.Remove(Path.GetFileName(source), out var text))
                names[Path.GetFileName(target)] = text;
        });
    }

    public void Remove(string path)
    {
        _real.Remove(path);
        Record(names => names.Remove(Path.GetFileName(path)));
    }

    public void SyncDirectory(string path)
    {
        _real.SyncDirectory(path);
        if (path != _roots)
            return;
        _durable = Apply((1 << _volatile.Count) - 1);
        _volatile.Clear();
        Remember(_durable);
    }

    public void CreateDirectory(string path) => _real.CreateDirectory(path);

    public void WriteFile(string path, ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

    public void Preallocate(string path, long length) => throw new NotSupportedException();

    public void SetReadOnly(string path, bool isReadOnly) => throw new NotSupportedException();

    public void SyncData(string path) => throw new NotSupportedException();

    public void Exchange(string first, string second) => throw new NotSupportedException();

    public void RemoveTree(string path) => throw new NotSupportedException();

    private void Record(Action<SortedDictionary<string, string>> operation)
    {
        _volatile.Add(operation);
        Assert.True(_volatile.Count <= 12, "too many operations between two fsyncs to try every subset");
        for (var subset = 0; subset < 1 << _volatile.Count; subset++)
            Remember(Apply(subset));
    }

    private SortedDictionary<string, string> Apply(int subset)
    {
        var names = new SortedDictionary<string, string>(_durable, StringComparer.Ordinal);
        for (var i = 0; i < _volatile.Count; i++)
        {
            if ((subset >> i & 1) != 0)
                _volatile[i](names);
        }
        return names;
    }

    private void Remember(SortedDictionary<string, string> names)
    {
        if (_known.Add(string.Join('\n', names)))
            Outcomes.Add(names);
    }
}
