// A unit's ATS state, laid out as spec/abi/ats.ts says.

import {
  ATS_ADDRESS_TYPE,
  ATS_INVALIDATION_COMPLETIONS,
  ATS_INVALIDATION_DEADLINE,
  ATS_INVALIDATION_REQUESTER,
  ATS_INVALIDATION_SIZE,
  ATS_INVALIDATIONS,
  ATS_MESSAGE_BODY,
  ATS_MESSAGE_CODE,
  ATS_MESSAGE_COUNT,
  ATS_MESSAGE_FIRST,
  ATS_MESSAGE_KIND,
  ATS_MESSAGE_LIMIT,
  ATS_MESSAGE_PASID,
  ATS_MESSAGE_REQUESTER,
  ATS_MESSAGE_SIZE,
  ATS_MESSAGES,
  ATS_QUEUE_BUDGET,
  ATS_QUEUE_WAITS,
  ATS_SERVED,
  ATS_SERVED_SIZE,
  ATS_SIZE,
  ATS_TAGS,
} from "../spec/abi/ats";
import { UNIT_ATS } from "../spec/abi/iommu";
import { INVALIDATE_TAGS } from "../spec/pci/ats-messages";
import { Unit } from "./unit";

const BYTE_SHIFT: u32 = 3;
const BYTE_MASK: u32 = 7;

/** An outstanding invalidation of a device TLB. */
@unmanaged
export class Invalidation {
  requesterId: u32;
  completions: u32;
  /** In ns of the machine's clock; 0 until the host has sent the request. */
  deadline: f64;
}

/** A message to an endpoint that the host has to send. */
@unmanaged
export class Message {
  kind: u32;
  requesterId: u32;
  pasid: u32;
  code: u32;
  body: u64;
  reserved: u64;
}

@unmanaged
export class AtsState {
  tags: u32;
  messageCount: u32;
  messageFirst: u32;
  addressType: u32;
  queueWaits: u32;
  queueBudget: u32;

  @inline static of(unit: Unit): AtsState {
    return changetype<AtsState>(unit.base + <usize>UNIT_ATS);
  }

  @inline invalidation(tag: u32): Invalidation {
    const at = changetype<usize>(this) + <usize>(ATS_INVALIDATIONS + tag * ATS_INVALIDATION_SIZE);
    return changetype<Invalidation>(at);
  }

  @inline message(index: u32): Message {
    const at = changetype<usize>(this) + <usize>(ATS_MESSAGES + (index % ATS_MESSAGE_LIMIT) * ATS_MESSAGE_SIZE);
    return changetype<Message>(at);
  }

  /** Keeps whether a requester's cached legacy-mode context serves its device TLB. */
  serve(requesterId: u32, served: bool): void {
    const at = changetype<usize>(this) + <usize>(ATS_SERVED + (requesterId >> BYTE_SHIFT));
    const others = <u32>load<u8>(at) & ~(u32(1) << (requesterId & BYTE_MASK));
    store<u8>(at, <u8>(others | (u32(served) << (requesterId & BYTE_MASK))));
  }

  serves(requesterId: u32): bool {
    const at = changetype<usize>(this) + <usize>(ATS_SERVED + (requesterId >> BYTE_SHIFT));
    return ((<u32>load<u8>(at) >> (requesterId & BYTE_MASK)) & 1) != 0;
  }

  @inline get full(): bool {
    return this.messageCount >= ATS_MESSAGE_LIMIT;
  }

  /** Appends a message; the caller knows that there is room. */
  send(kind: u32, requesterId: u32, pasid: u32, code: u32, body: u64): void {
    const message = this.message(this.messageFirst + this.messageCount);
    this.messageCount++;
    message.kind = kind;
    message.requesterId = requesterId;
    message.pasid = pasid;
    message.code = code;
    message.body = body;
  }

  /** Takes the first `count` messages off, or all. */
  drop(count: u32): void {
    const gone = min(count, this.messageCount);
    this.queueWaits = 0;
    this.messageCount -= gone;
    this.messageFirst = (this.messageFirst + gone) % ATS_MESSAGE_LIMIT;
  }
}

if (offsetof<AtsState>("tags") != ATS_TAGS) ERROR("ATS_TAGS");
if (offsetof<AtsState>("messageCount") != ATS_MESSAGE_COUNT) ERROR("ATS_MESSAGE_COUNT");
if (offsetof<AtsState>("messageFirst") != ATS_MESSAGE_FIRST) ERROR("ATS_MESSAGE_FIRST");
if (offsetof<AtsState>("addressType") != ATS_ADDRESS_TYPE) ERROR("ATS_ADDRESS_TYPE");
if (offsetof<AtsState>("queueWaits") != ATS_QUEUE_WAITS) ERROR("ATS_QUEUE_WAITS");
if (offsetof<AtsState>("queueBudget") != ATS_QUEUE_BUDGET) ERROR("ATS_QUEUE_BUDGET");
if (offsetof<AtsState>() > <usize>ATS_INVALIDATIONS) ERROR("ATS_INVALIDATIONS");
if (offsetof<Invalidation>("requesterId") != ATS_INVALIDATION_REQUESTER) ERROR("ATS_INVALIDATION_REQUESTER");
if (offsetof<Invalidation>("completions") != ATS_INVALIDATION_COMPLETIONS) ERROR("ATS_INVALIDATION_COMPLETIONS");
if (offsetof<Invalidation>("deadline") != ATS_INVALIDATION_DEADLINE) ERROR("ATS_INVALIDATION_DEADLINE");
if (offsetof<Invalidation>() != ATS_INVALIDATION_SIZE) ERROR("ATS_INVALIDATION_SIZE");
if (ATS_INVALIDATIONS + INVALIDATE_TAGS * ATS_INVALIDATION_SIZE > ATS_MESSAGES) ERROR("ATS_MESSAGES");
if (offsetof<Message>("kind") != ATS_MESSAGE_KIND) ERROR("ATS_MESSAGE_KIND");
if (offsetof<Message>("requesterId") != ATS_MESSAGE_REQUESTER) ERROR("ATS_MESSAGE_REQUESTER");
if (offsetof<Message>("pasid") != ATS_MESSAGE_PASID) ERROR("ATS_MESSAGE_PASID");
if (offsetof<Message>("code") != ATS_MESSAGE_CODE) ERROR("ATS_MESSAGE_CODE");
if (offsetof<Message>("body") != ATS_MESSAGE_BODY) ERROR("ATS_MESSAGE_BODY");
if (offsetof<Message>() != ATS_MESSAGE_SIZE) ERROR("ATS_MESSAGE_SIZE");
if (ATS_MESSAGES + ATS_MESSAGE_LIMIT * ATS_MESSAGE_SIZE > ATS_SERVED) ERROR("ATS_SERVED");
if (ATS_SERVED + ATS_SERVED_SIZE != ATS_SIZE) ERROR("ATS_SIZE");
