using System.Buffers;
using Google.Protobuf;

namespace Net.Aql;

/// <summary>Writes and reads all rows of a state. The last frame holds no row, and their number after that.</summary>
internal static class SnapshotFile
{
    private const int FrameBytes = 256 << 10;

    /// <summary>Writes a snapshot and gives it its name when it is whole and on the disk.</summary>
    /// <returns>Its size in bytes.</returns>
    internal static long Write(StoreDirectory directory, StoreState state, UInt128 salt, CancellationToken cancellationToken)
    {
        string name = new StoreFileName(StoreFileKind.Snapshot, state.Sequence).ToString();
        string unfinished = name + StoreFileName.Unfinished;
        long length;
        try
        {
            using (StoreFile file = directory.Create(unfinished))
            {
                var header = new FileHeader(StoreFileKind.Snapshot, state.Sequence, salt);
                file.Write(header.ToBytes(), 0);
                length = WriteFrames(file, state, header.Seed, cancellationToken);
                file.Flush();
            }

            directory.Rename(unfinished, name);
        }
        catch
        {
            // Half a snapshot on a full disk would keep the log from its room.
            directory.Delete(unfinished);
            throw;
        }

        directory.Flush();
        return length;
    }

    /// <summary>Reads a snapshot.</summary>
    /// <exception cref="AqlException">It is damaged; the message says where.</exception>
    internal static void Read(StoreDirectory directory, StoreFileName name, StateBuilder state)
    {
        using StoreFile file = directory.Open(name.ToString());
        var reader = FrameReader.Open(file, directory.Describe(name.ToString()), name);
        for (long frame = 0; ; frame++)
        {
            if (reader.Next() is not { } payload || payload.Sequence != frame)
            {
                throw reader.Damaged($"a frame of rows was expected at byte {reader.Offset}, and there is none");
            }

            ReadOnlySpan<byte> bytes = payload.Bytes;
            List<Mutation> mutations = reader.ReadCommit(ref bytes);
            if (mutations.Count > 0)
            {
                state.Apply(mutations);
                continue;
            }

            if (CommitCodec.ReadNumber(ref bytes) != (ulong)state.Rows || reader.Offset != file.Length)
            {
                throw reader.Damaged($"it should hold {state.Rows} rows and end at byte {reader.Offset}");
            }

            state.Sequence = name.Sequence;
            return;
        }
    }

    private static long WriteFrames(StoreFile file, StoreState state, uint seed, CancellationToken cancellationToken)
    {
        long offset = FileHeader.Size;
        long sequence = 0;
        long rows = 0;
        var output = new ArrayBufferWriter<byte>();
        var group = new List<Mutation>();
        long size = 0;
        foreach ((string collection, RowTree tree) in state.Collections)
        {
            foreach (Row row in tree.Scan())
            {
                group.Add(new Mutation(collection, row.Key, row));
                size += row.Cost;
                rows++;
                if (size >= FrameBytes)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    WriteFrame();
                }
            }
        }

        if (group.Count > 0)
        {
            WriteFrame();
        }

        output.ResetWrittenCount();
        output.GetSpan(Frame.HeaderSize);
        output.Advance(Frame.HeaderSize);
        CommitCodec.WriteNumber(output, 0);
        CommitCodec.WriteNumber(output, (ulong)rows);
        Put();
        return offset;

        void WriteFrame()
        {
            output.ResetWrittenCount();
            output.GetSpan(Frame.HeaderSize);
            output.Advance(Frame.HeaderSize);
            CommitCodec.Write(output, group);
            group.Clear();
            size = 0;
            Put();
        }

        void Put()
        {
            byte[] frame = output.WrittenSpan.ToArray();
            Frame.Seal(frame, sequence++, seed);
            file.Write(frame, offset);
            offset += frame.Length;
        }
    }
}
