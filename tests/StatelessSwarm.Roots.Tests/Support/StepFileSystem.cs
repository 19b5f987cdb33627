using StatelessSwarm.Roots.Storage;

namespace StatelessSwarm.Roots.Tests.Support;

/// <summary>
/// The real file system with a fault at one step. A stop is the end of the process: every later step fails, too. An error is
/// one failing call of a process that lives on.
/// </summary>
internal sealed class StepFileSystem(int faultAt = -1, StepFault fault = StepFault.None) : IStateFileSystem
{
    private readonly StateFileSystem _real = new();
    private bool _isStopped;

    /// <summary>Steps taken, in order.</summary>
    public List<string> Steps { get; } = [];

    /// <summary>Called after each step that was carried out.</summary>
    public Action? AfterStep { get; init; }

    public void CreateDirectory(string path) => Step($"mkdir {path}", () => _real.CreateDirectory(path));

    public void WriteFile(string path, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        Step($"write {path}", () => _real.WriteFile(path, copy));
    }

    public void Preallocate(string path, long length) => Step($"fallocate {path}", () => _real.Preallocate(path, length));

    public void SetReadOnly(string path, bool isReadOnly) =>
        Step($"chmod {path}", () => _real.SetReadOnly(path, isReadOnly));

    public void SyncData(string path) => Step($"fdatasync {path}", () => _real.SyncData(path));

    public void SyncDirectory(string path) => Step($"fsync {path}", () => _real.SyncDirectory(path));

    public void Rename(string source, string target) => Step($"rename {source} {target}", () => _real.Rename(source, target));

    public void Exchange(string first, string second) => Step($"exchange {first} {second}", () => _real.Exchange(first, second));

    public void CreateLink(string text, string path) => Step($"symlink {text} {path}", () => _real.CreateLink(text, path));

    public void Remove(string path) => Step($"unlink {path}", () => _real.Remove(path));

    public void RemoveTree(string path) => Step($"rmtree {path}", () => _real.RemoveTree(path));

    private void Step(string name, Action action)
    {
        if (_isStopped)
            throw new StoppedException();
        Steps.Add(name);
        if (Steps.Count - 1 != faultAt)
        {
            action();
            AfterStep?.Invoke();
            return;
        }
        switch (fault)
        {
            case StepFault.ErrorBefore:
                throw new IOException($"{name}: injected");
            case StepFault.ErrorAfter:
                action();
                throw new IOException($"{name}: injected");
            case StepFault.StopBefore:
                _isStopped = true;
                throw new StoppedException();
            case StepFault.StopAfter:
                action();
                _isStopped = true;
                throw new StoppedException();
            default:
                throw new InvalidOperationException($"{name}: no fault chosen");
        }
    }
}

internal enum StepFault
{
    None,
    ErrorBefore,
    ErrorAfter,
    StopBefore,
    StopAfter,
}

/// <summary>The process is gone. No code under test may catch this.</summary>
internal sealed class StoppedException : Exception;
